"""Three people with fixed meaning, and anybody else by role and place.

The worker reports on the stage (尚义社区), the clerk commands the same community, the stranger is a clerk of another
street and must never see what happens on the stage.
"""

import datetime as dt

from django.utils import timezone

from demo.accounts import COMMUNITY, DISTRICT, STREET
from governance.models import ApiKey, Organization, Post, User
from governance.programs import make_key
from governance.roles import Role

ELSEWHERE = "530103012201"

__all__ = [
    "COMMUNITY",
    "DISTRICT",
    "ELSEWHERE",
    "STREET",
    "clerk",
    "newcomer",
    "program",
    "someone",
    "stranger",
    "worker",
]


def someone(role: Role, place: str, number: int = 0) -> User:
    """The n-th person who holds a post (organization code), fresh from the database."""
    found = User.objects.filter(posts__role=role, posts__organization__code=place, posts__ends_on=None)
    return found.order_by("pk")[number]


def worker() -> User:
    """The grid worker of the first grid of the stage."""
    return User.objects.get(username="wangge")


def clerk() -> User:
    """A clerk of the stage's community: accepts, registers, dispatches, closes there."""
    return User.objects.get(username="shequ")


def stranger() -> User:
    """Holds the same duties in another street."""
    return someone(Role.CLERK, ELSEWHERE)


def newcomer(
    username: str, name: str = "收件人", role: Role = Role.VOLUNTEER, place: str = COMMUNITY
) -> User:
    """Somebody new at a post (organization code); by default one without any duty in the loop but reporting."""
    user = User.objects.create_user(username, name=name)
    Post.objects.create(user=user, role=role, organization=Organization.objects.get(code=place))
    return user


def program(name: str = "路口摄像头", place: str = DISTRICT) -> ApiKey:
    """A program with a key for a territory (organization code)."""
    found = ApiKey.objects.filter(name=name).select_related("organization").first()
    return found or program_with_key(name, place)[0]


def program_with_key(name: str = "路口摄像头", place: str = DISTRICT) -> tuple[ApiKey, str]:
    """A new program and the text of its key."""
    draft = ApiKey(name=name, purpose="占道告警", active_from=dt.date(2026, 1, 1))
    draft.organization = Organization.objects.get(code=place)
    admin = someone(Role.SYSTEM_ADMIN, DISTRICT)
    return draft, make_key(draft, by=admin, now=timezone.now())
