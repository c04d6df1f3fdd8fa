"""Pages of the interface for programs; every list takes these."""

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

#: Counting further than anybody pages would cost more than the page.
COUNTED = 10_000


class CappedPagination(LimitOffsetPagination):
    """At most a hundred rows by limit and offset; ``count`` stops at the cap, and so does paging."""

    max_limit = 100

    def get_limit(self, request: Request) -> int:
        asked = request.query_params.get("limit")
        return self.default_limit if asked is None else min(whole("limit", asked, least=1), self.max_limit)

    def get_offset(self, request: Request) -> int:
        asked = request.query_params.get("offset")
        return 0 if asked is None else whole("offset", asked, least=0)

    def get_count(self, queryset: QuerySet | list[int]) -> int:
        if isinstance(queryset, list):  # the hits of a search, found as far as they are counted
            return len(queryset)
        return queryset.order_by().values("pk")[:COUNTED].count()


def whole(name: str, text: str, *, least: int) -> int:
    """The number that a parameter says; refused where it says none, which Django REST framework would pass over."""
    try:
        number = int(text) if text.isascii() and text.isdecimal() else -1
    except ValueError:  # thousands of digits
        number = -1
    if number < least:
        raise ValidationError({name: [f"须为不小于 {least} 的整数。"]})
    return number
