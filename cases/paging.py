"""Pages of the interface for programs; every list takes these."""

from django.db.models import QuerySet
from rest_framework.pagination import LimitOffsetPagination

#: Counting further than anybody pages would cost more than the page.
COUNTED = 10_000


class CappedPagination(LimitOffsetPagination):
    """At most a hundred rows by limit and offset; ``count`` stops at the cap, and so does paging."""

    max_limit = 100

    def get_count(self, queryset: QuerySet) -> int:
        return queryset.order_by().values("pk")[:COUNTED].count()
