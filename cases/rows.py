"""A case in a list: the same columns of its row everywhere, and the names that a list shows beside them."""

from collections.abc import Sequence

from django.db.models import QuerySet

from cases.models import Case
from cases.names import with_names

#: In the order of the model, for rows that are read as plain values.
COLUMNS = (
    "id", "uuid", "version", "source", "is_from_resident", "category_id", "longitude", "latitude", "address", "loop", "state", "is_open",
    "due_at", "lateness", "was_late", "reported_at", "closed_at",
)  # fmt: skip
#: What a row of a list at a desk names: the category, the place and who has the case.
NAMES = ("category_name", "street_name", "community_name", "centre_name", "unit_name")


def with_row(cases: QuerySet[Case], names: Sequence[str] = NAMES, *, characters: int = 60) -> QuerySet[Case]:
    """Cases with ``COLUMNS``, some of ``names.LOOKUPS``, and the first characters of the report as ``words``."""
    return with_names(cases, *names, characters=characters).only(*COLUMNS)
