"""What every page needs beside its own content; nothing is asked before a template shows it."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from governance.faces import faces_of
from governance.models import Notice, User
from governance.statements import ask


def _unread(user: User) -> QuerySet:
    return (
        Notice.objects.unread()
        .filter(user=user)
        .order_by()
        .values("user")
        .annotate(n=Count("pk"))
        .values_list("n")
    )


def page(request: HttpRequest) -> dict[str, Any]:
    """``inbox_unread``, ``user_posts`` and ``faces`` of the person who is signed in."""
    user = getattr(request, "user", None)
    if user is None:
        return {}

    def posts() -> tuple:
        return user.powers.posts if isinstance(user, User) or user.is_authenticated else ()

    def unread() -> int:
        counted = ask(_unread, user) if user.is_authenticated else []
        return counted[0][0] if counted else 0

    return {
        "inbox_unread": SimpleLazyObject(unread),
        "user_posts": SimpleLazyObject(lambda: list(posts())),
        "faces": SimpleLazyObject(lambda: faces_of(post.role for post in posts())),
    }
