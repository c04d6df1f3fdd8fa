"""How a door says no to a move."""

from governance.refusals import Refused


class Stale(Refused):
    """The record has moved on since the person looked at it."""


class NothingWaits(Refused):
    """The move answers something that was not asked; pages do not speak of it."""


class KeyReused(Refused):
    """The same key came again with other content."""


class Forbidden(Refused):
    """In scope, but not this person's to do."""

    status = 403


class Unfit(Refused):
    """What was given does not fit; ``field`` says where."""

    status = 400


class TooFast(Refused):
    """A program asks more than it may within a minute."""

    status = 429
    retry_after = 60


__all__ = ["Forbidden", "KeyReused", "NothingWaits", "Refused", "Stale", "TooFast", "Unfit"]
