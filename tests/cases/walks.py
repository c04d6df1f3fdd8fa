"""Changes that several tests of the loop make, by the functions that people use."""

import datetime as dt
from typing import Any

from cases.actions import sweep
from cases.actions.catalogue import revise
from cases.models import Case, Category, Responsibility
from cases.models.catalogue import LIMITED
from governance.models import Organization, Post, User
from governance.roles import Role

DAY = dt.date(2026, 11, 1)


def change(row: Responsibility, **content: Any) -> Responsibility:
    """Give a row of the list a new version."""
    for name, value in content.items():
        setattr(row, name, value)
    return revise(row, on=DAY)


def limit_all(category: Category, limit: str) -> None:
    """Let every step of a category in every loop have the same limit."""
    for row in Responsibility.objects.current().filter(category=category):
        change(row, limits=dict.fromkeys(LIMITED, limit))


def vacate(role: Role, place: str, *, on: dt.date = DAY) -> None:
    """Let everybody with a role at a place (organization code) leave it."""
    Post.objects.filter(role=role, organization__code=place, ends_on=None).update(ends_on=on)


def run_out(case: Case) -> dt.datetime:
    """Let time run out on the open leg with a sweep at each mark: red at its end, then whatever follows the grace.

    Returns that moment.
    """
    sweep(now=case.legs.get(stopped_at=None).due_at)
    now = case.legs.get(stopped_at=None).sweep_at
    sweep(now=now)
    return now


def appoint(user: User, role: Role, place: str, **more: Any) -> Post:
    """Give somebody one more post."""
    return Post.objects.create(
        user=user, role=role, organization=Organization.objects.get(code=place), **more
    )
