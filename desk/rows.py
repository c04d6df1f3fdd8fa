"""A row of the desk's lists, and what it is read with."""

from django.db.models import QuerySet

from cases.models import Case
from cases.names import with_names

#: What a row of a list shows: columns of the case in the order of the model, names of the places and who has it.
COLUMNS = (
    "id", "uuid", "source", "is_from_resident", "address", "loop", "state", "due_at", "lateness", "was_late", "reported_at", "closed_at"
)  # fmt: skip
NAMES = ("category_name", "street_name", "community_name", "centre_name", "unit_name")


def with_row(cases: QuerySet[Case], characters: int = 60) -> QuerySet[Case]:
    """Cases with what a row shows, the first words of the report among it."""
    return with_names(cases, *NAMES, characters=characters).only(*COLUMNS)
