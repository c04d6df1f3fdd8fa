"""Three people with fixed meaning, and anybody else by role and place.

The worker reports on the stage (尚义社区), the clerk commands the same community, the stranger is a clerk of another
street and must never see what happens on the stage.
"""

from demo.accounts import COMMUNITY, DISTRICT, STREET
from governance.models import Organization, Post, User
from governance.roles import Role

ELSEWHERE = "530103012201"

__all__ = [
    "COMMUNITY",
    "DISTRICT",
    "ELSEWHERE",
    "STREET",
    "clerk",
    "newcomer",
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
