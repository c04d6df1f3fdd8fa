"""What every page needs beside its own content; nothing is asked before a template shows it."""

import datetime as dt
from functools import cache
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from governance.faces import faces_of
from governance.health import sweep_pause
from governance.models import Heartbeat, Notice, User
from governance.statements import ask


def _news(user: User) -> QuerySet:
    """How much is unread, and when the sweep last ran: one statement, because every page asks."""
    unread = Notice.objects.unread().filter(user=OuterRef("pk")).order_by().values("user")
    swept = Heartbeat.objects.filter(part=Heartbeat.Part.SWEEP).values("at")
    counted = Coalesce(Subquery(unread.annotate(held=Count("pk")).values("held")), 0)
    return User.objects.filter(pk=user.pk).order_by().values_list(counted, Subquery(swept))


def page(request: HttpRequest) -> dict[str, Any]:
    """``inbox_unread``, ``user_posts`` and ``faces`` of the person who is signed in; ``sweep_pause()`` in seconds."""
    user = getattr(request, "user", None)
    if user is None:
        return {}

    def posts() -> tuple:
        return user.authority.posts if isinstance(user, User) or user.is_authenticated else ()

    @cache
    def news() -> tuple[int, dt.datetime | None]:
        return ask(_news, user)[0] if user.is_authenticated else (0, None)

    return {
        "inbox_unread": SimpleLazyObject(lambda: news()[0]),
        "sweep_pause": lambda: sweep_pause(news()[1], timezone.now()),
        "user_posts": SimpleLazyObject(lambda: list(posts())),
        "faces": SimpleLazyObject(lambda: faces_of(post.role for post in posts())),
    }
