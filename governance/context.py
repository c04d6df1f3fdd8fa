"""What every page needs beside its own content; nothing is asked before a template shows it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from governance.faces import faces_of
from governance.models import Notice, User
from governance.statements import count


def _unread(user: User) -> QuerySet:
    return Notice.objects.unread().filter(user=user).order_by().values_list("pk")


def page(request: HttpRequest) -> dict[str, Any]:
    """``inbox_unread``, ``user_posts`` and ``faces`` of the person who is signed in."""
    user = getattr(request, "user", None)
    if user is None:
        return {}

    def posts() -> tuple:
        return user.powers.posts if isinstance(user, User) or user.is_authenticated else ()

    def unread() -> int:
        return count(_unread, user) if user.is_authenticated else 0

    return {
        "inbox_unread": SimpleLazyObject(unread),
        "user_posts": SimpleLazyObject(lambda: list(posts())),
        "faces": SimpleLazyObject(lambda: faces_of(post.role for post in posts())),
    }
