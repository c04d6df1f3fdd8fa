"""Two administrators save the same at once, or one fills in the same row twice: a sentence, and nothing half written."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any, NamedTuple

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from cases.models import Category, Responsibility, WorkDay, WorkingHours
from governance.models import CommunityKind, Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty
from neighbourhoods.models import Neighbourhood, NeighbourhoodLeader
from tests import neighbours, people
from tests.lives import inside, settled_by

NO_ROWS = {"posts-TOTAL_FORMS": 0, "posts-INITIAL_FORMS": 0}


class Form(NamedTuple):
    """What an administrator adds: the table, who keeps it, the fields, and what is said to the second one."""

    model: type[models.Model]
    keeper: Role
    body: Callable[[], dict[str, Any]]
    sentence: str


def place(code: str = people.STREET) -> int:
    return Organization.objects.get(code=code).pk


def volunteer() -> int:
    return people.someone(Role.VOLUNTEER, people.COMMUNITY).pk


def grid_without_helpers() -> Grid:
    return Grid.objects.exclude(duties__duty="helper").earliest("pk")


def organization() -> dict[str, Any]:
    return {"kind": "department", "level": 2, "function": "water", "parent": place(), "code": "test-water", "name": "水务所",
            "active_from": "2026-01-01"}  # fmt: skip


def account() -> dict[str, Any]:
    password = "a-quiet-street-7"
    return {"username": "test_new", "name": "新人", "usable_password": "true", "password1": password, "password2": password,
            **NO_ROWS}  # fmt: skip


def post() -> dict[str, Any]:
    return {"user": volunteer(), "organization": place(), "role": Role.ACCEPTOR, "starts_on": "2026-01-01"}


def helper() -> dict[str, Any]:
    return {"grid": grid_without_helpers().pk, "user": volunteer(), "duty": "helper", "engagement": "part_time", "starts_on": "2026-01-01"}  # fmt: skip


def neighbourhood() -> dict[str, Any]:
    longitude, latitude = inside()
    return {"name": "试验楼", "kind": "building", "grid": Grid.objects.get(code=f"{people.COMMUNITY}001").pk, "longitude": longitude,
            "latitude": latitude, "radius": 80, "active_from": "2026-01-01", "leaders-TOTAL_FORMS": 0, "leaders-INITIAL_FORMS": 0}  # fmt: skip


def leadership() -> dict[str, Any]:
    return {"neighbourhood": neighbours.building().pk, "user": volunteer(), "starts_on": "2026-01-01"}


def kind_of_old() -> dict[str, Any]:
    """For days of which nobody said anything so far."""
    return {"organization": place(people.COMMUNITY), "kind": "village", "valid_from": "2020-01-01", "valid_until": "2021-01-01",
            "reason": "试验"}  # fmt: skip


def category() -> dict[str, Any]:
    row = settled_by("community")
    return {"edition": row.edition, "kind": row.kind, "class_name": row.class_name, "code": "9999", "name": "试验", "is_active": "on",
            "initials": "sy", "everyday": 0, "words-TOTAL_FORMS": 0, "words-INITIAL_FORMS": 0}  # fmt: skip


def responsibility() -> dict[str, Any]:
    row = Responsibility.objects.current().filter(category=settled_by("community")).first()
    return {"category": row.category_id, "condition": "试验情形", "loop": row.loop, **content_of(row)}


def content_of(row: Responsibility) -> dict[str, Any]:
    names = ("lead", "helpers", "power", "registering_condition", "closing_condition", "basis")
    return {name: getattr(row, name) for name in names} | row.limits


FORMS = [
    Form(Organization, Role.SYSTEM_ADMIN, organization, "已有相同"),
    Form(User, Role.SECURITY_ADMIN, account, "已存在"),
    Form(Post, Role.SECURITY_ADMIN, post, "这个人在这里已任这个岗位。"),
    Form(GridDuty, Role.SYSTEM_ADMIN, helper, "这个人在这个网格已有这项值守。"),
    Form(Neighbourhood, Role.SYSTEM_ADMIN, neighbourhood, "这个网格已有同名的楼组。"),
    Form(NeighbourhoodLeader, Role.SYSTEM_ADMIN, leadership, "这个人已是这个楼组的负责人。"),
    Form(CommunityKind, Role.SYSTEM_ADMIN, kind_of_old, "这些天已定为农村型"),
    Form(Category, Role.SYSTEM_ADMIN, category, "这个版本的这一类里已有这个代码。"),
    Form(Responsibility, Role.SYSTEM_ADMIN, responsibility, "已有权责"),
    Form(WorkDay, Role.SYSTEM_ADMIN, lambda: {"day": "2026-12-25", "note": "试验"}, "已有相同"),
    Form(
        WorkingHours,
        Role.SYSTEM_ADMIN,
        lambda: {"district": place(people.DISTRICT), "valid_from": "2027-03-01", "windows": "09:00-12:00"},
        "这个区已有同一天生效的工作时段，请改那一条。",
    ),
]


def signed_in(role: Role) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(people.someone(role, people.DISTRICT))
    return client


def address(model: type[models.Model], kind: str = "add", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone() is not None


def saved_at_once(
    role: Role, path: str, body: dict[str, Any], second_body: dict[str, Any] | None = None
) -> tuple[HttpResponse, HttpResponse]:
    """Answers to a form of two administrators; the second one has looked before the first one is through."""
    one, other = signed_in(role), signed_in(role)

    def send() -> HttpResponse:
        try:
            return other.post(path, second_body or body)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = one.post(path, body)
            second, end = pool.submit(send), monotonic() + 30
            while not (somebody_waits_for_us() or second.done()):
                assert monotonic() < end
                sleep(0.01)
        return first, second.result()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.model.__name__)
def test_of_two_administrators_who_add_the_same_row_one_is_told_so(form):
    before, body = form.model.objects.count(), form.body()
    first, second = saved_at_once(form.keeper, address(form.model), body)
    assert first.status_code == 302
    assert second.status_code == 409 and form.sentence in second.content.decode()
    assert form.model.objects.count() == before + 1
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("shared", "sentence"),
    [
        ("grid", "这个网格的社区网格员最多 1 名，已经有人。"),
        ("user", "专职（一格一员）的人员一人最多负责 1 个网格。"),
    ],
)
def test_of_two_administrators_who_give_away_one_grid_or_one_person_one_is_told_so(shared, sentence):
    """What no constraint of the database says: the second one waits for the lock of the first."""
    grids = Grid.objects.exclude(duties__duty="worker").order_by("pk")
    people_ = [people.someone(Role.CLERK, people.COMMUNITY, number).pk for number in (0, 1)]
    one = {"duty": "worker", "engagement": "full_time", "starts_on": "2026-01-01", "grid": grids[0].pk, "user": people_[0]}  # fmt: skip
    other = one | ({"user": people_[1]} if shared == "grid" else {"grid": grids[1].pk})
    first, second = saved_at_once(Role.SYSTEM_ADMIN, address(GridDuty), one, other)
    assert first.status_code == 302
    assert second.status_code == 409 and sentence in second.content.decode()
    assert GridDuty.objects.filter(duty="worker", user__in=people_).count() == 1
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_revise_a_row_the_second_is_led_back_to_the_list():
    row = Responsibility.objects.current().filter(category=settled_by("community")).first()
    body = content_of(row) | {"condition": row.condition, "basis": "试验"}
    first, second = saved_at_once(Role.SYSTEM_ADMIN, address(Responsibility, "change", row.pk), body)
    assert (first.status_code, second.status_code) == (302, 302)
    assert second["Location"] == address(Responsibility, "changelist")
    versions = Responsibility.objects.filter(category=row.category_id, condition=row.condition, loop=row.loop)
    assert versions.count() == 2 and versions.get(is_current=True).basis == "试验"


def twice(prefix: str, row: dict[str, Any]) -> dict[str, Any]:
    """The same row on two lines of a page."""
    lines = {f"{prefix}-{line}-{name}": value for line in (0, 1) for name, value in row.items()}
    return {f"{prefix}-TOTAL_FORMS": 2, f"{prefix}-INITIAL_FORMS": 0, **lines}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("duty", "engagement", "sentence"),
    [
        ("helper", "part_time", "这个人在这个网格已有这项值守。"),
        ("supervisor", "professional", "这个网格的街道监督员最多 1 名，已经有人。"),
    ],
)
def test_the_same_duty_twice_below_a_grid_is_a_sentence_and_no_row(duty, engagement, sentence):
    grid = grid_without_helpers()
    grid.duties.filter(duty=duty).update(ends_on="2026-11-01")
    before = GridDuty.objects.count()
    row = {"user": volunteer(), "grid": grid.pk, "duty": duty, "engagement": engagement, "starts_on": "2026-01-01"}  # fmt: skip
    body = {"name": grid.name} | twice("duties", row)
    answer = signed_in(Role.SYSTEM_ADMIN).post(address(Grid, "change", grid.pk), body)
    assert answer.status_code == 409 and sentence in answer.content.decode()
    assert (GridDuty.objects.count(), LogEntry.objects.count()) == (before, 0)
    one = {name: value for name, value in body.items() if "-1-" not in name} | {"duties-TOTAL_FORMS": 1}
    assert signed_in(Role.SYSTEM_ADMIN).post(address(Grid, "change", grid.pk), one).status_code == 302


@pytest.mark.django_db
def test_the_same_post_twice_below_a_new_account_is_a_sentence_and_no_account():
    row = {"organization": place(), "role": Role.ACCEPTOR, "starts_on": "2026-01-01"}
    answer = signed_in(Role.SECURITY_ADMIN).post(address(User), account() | twice("posts", row))
    assert answer.status_code == 409 and "这个人在这里已任这个岗位。" in answer.content.decode()
    assert not User.objects.filter(username="test_new").exists()
