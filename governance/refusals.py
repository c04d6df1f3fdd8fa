"""How a request is refused: a sentence for people, a status code for programs, and whether trying again helps."""

import errno

#: What the system says when nothing more fits: the disk, somebody's share of it, the size of a file.
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Refused(Exception):
    """What was asked for is not done and nothing is written; ``field`` names the field that it is about."""

    status = 409
    #: Seconds after which the same may be tried again; None where waiting does not help.
    retry_after: int | None = None

    def __init__(
        self,
        sentence: str,
        field: str | None = None,
        *,
        status: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.field = sentence, field
        self.status = status or self.status
        self.retry_after = retry_after or self.retry_after


class Unavailable(Refused):
    """Nothing is wrong with the request; it cannot be carried out now. ``title`` stands above the sentence on a page."""

    status = 503
    title = "请稍后再试"


class Busy(Unavailable):
    """What the request needs is taken by others."""

    title = "系统繁忙，请稍后再试"
    retry_after = 5


class StorageFull(Unavailable):
    """A disk is full; somebody has to make room."""

    title = "系统的存储空间已满"
    status = 507


def is_disk_full(error: OSError) -> bool:
    """Whether a file could not be written because nothing more fits."""
    return error.errno in _DISK_FULL
