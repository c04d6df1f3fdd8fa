"""How the door says no: a sentence for people and a status code for programs."""


class Refused(Exception):
    """A move that does not happen; nothing is written."""

    status = 409
    #: Seconds after which the same may be tried again; nothing where trying again does not help.
    retry_after: int | None = None

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Stale(Refused):
    """The case has moved on since the person looked at it."""


class KeyReused(Refused):
    """The same key came again with other content."""


class Forbidden(Refused):
    """In scope, but not this person's to do."""

    status = 403


class Unfit(Refused):
    """What was given does not fit; ``field`` says where."""

    status = 400


class Busy(Refused):
    """Not now: what it needs is taken by others."""

    status = 503
    retry_after = 5


class NoRoom(Refused):
    """The disk is full; somebody has to make room."""

    status = 507
