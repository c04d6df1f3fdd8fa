"""How the door says no: a sentence for people and a status code for programs."""


class Refused(Exception):
    """A move that does not happen; nothing is written."""

    status = 409

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
