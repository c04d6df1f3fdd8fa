"""Where people find things of the party half, for texts that are written apart from requests: notices, rows, panels."""

import uuid

LIST = "/party/whistles/"
PROPOSALS = "/party/proposals/"
#: Where pictures of the log are sent to and lie.
PHOTOS = "/party/photos/"


def page_of(whistle: uuid.UUID | str) -> str:
    """The page of a whistle."""
    return f"{LIST}{whistle}/"


def blow(case: uuid.UUID) -> str:
    """Where a whistle is blown on a case."""
    return f"/party/blow/{case}/"


def photo(photo: uuid.UUID, *, is_small: bool = False) -> str:
    """A picture of the log, or its thumbnail."""
    return f"{PHOTOS}{photo}{'-s' if is_small else ''}.jpg"
