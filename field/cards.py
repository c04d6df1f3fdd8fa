"""A case as a card of the phone's lists, and what it is read with."""

from django.db.models import QuerySet

from cases.models import Case
from cases.names import with_names


def with_card(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The case with what its card says: the reporter's words, category, grid and who holds it now."""
    names = ("category_name", "grid_name", "holder_id", "holder_name")
    return with_names(cases, *names, characters=100).only(
        "uuid", "state", "is_open", "due_at", "lateness", "reported_at", "address", "longitude", "latitude", "category"
    )  # fmt: skip
