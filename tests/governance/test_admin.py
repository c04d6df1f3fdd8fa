"""Configuration pages: three separate administrators, nothing of the loop, nothing rewritten."""

import datetime as dt
import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import (
    CalendarChange,
    CalendarYear,
    Case,
    CaseEvent,
    Category,
    Leg,
    Photo,
    Responsibility,
    RuleOverride,
    WorkDay,
    WorkingHours,
)
from cases.workflow import State
from demo.accounts import DEMO_PASSWORD
from governance import actions
from governance.models import AccessLog, ApiKey, CommunityKind, Organization, Outbox, Post, SignIn, User
from governance.roles import Role
from grid.models import Grid, GridDuty
from neighbourhoods.models import Neighbourhood, NeighbourhoodLeader
from tests import neighbours, people
from tests.cases.walks import vacate
from tests.lives import case_at, reported, settled_by

pytestmark = pytest.mark.django_db
PASSWORD = "a-quiet-street-7"

SYSTEM = {
    ApiKey, CommunityKind, Organization, Grid, GridDuty, Category, Responsibility, RuleOverride, WorkDay, WorkingHours, Neighbourhood,
    NeighbourhoodLeader,
}  # fmt: skip
SECURITY = {User, Post}
READ_ONLY = {AccessLog, LogEntry, Outbox, SignIn, CalendarYear, CalendarChange}


def by_name(models: set) -> list:
    return sorted(models, key=lambda model: model.__name__)


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(people.someone(role, people.DISTRICT))
    return client


def page(model: type, kind: str = "changelist", *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


def test_only_configuration_is_registered():
    ours = {
        m
        for m in admin.site._registry
        if m._meta.app_label in ("governance", "grid", "neighbourhoods", "cases", "admin")
    }
    assert ours == SYSTEM | SECURITY | READ_ONLY
    assert not ours & {Case, CaseEvent, Leg, Photo}


@pytest.mark.parametrize("model", by_name(SYSTEM), ids=lambda model: model.__name__)
def test_the_system_admin_keeps_the_tree_and_the_lists(model):
    district = Organization.objects.get(code=people.DISTRICT)
    # The world has none of these.
    people.program()
    neighbours.leader()
    RuleOverride.objects.create(
        district=district, name="reopen_days", valid_from="2027-01-01", value=9, basis="会议纪要"
    )
    WorkDay.objects.create(day=timezone.localdate() + dt.timedelta(days=700), is_working=False, note="将来")
    row = model.objects.order_by("-pk" if model is WorkDay else "pk").first()  # days that are over are locked
    client = signed_in(Role.SYSTEM_ADMIN)
    assert client.get(page(model)).status_code == 200
    change = client.get(page(model, "change", row.pk))
    assert change.status_code == 200 and change.context["has_change_permission"]
    assert client.get(page(model, "add")).status_code == (403 if model is Grid else 200)
    assert signed_in(Role.AUDITOR).get(page(model, "add")).status_code == 403


@pytest.mark.parametrize("model", by_name(SECURITY), ids=lambda model: model.__name__)
def test_the_security_admin_keeps_accounts_and_posts(model):
    row = model.objects.order_by("pk").first()
    client = signed_in(Role.SECURITY_ADMIN)
    assert client.get(page(model)).status_code == 200
    assert client.get(page(model, "add")).status_code == 200
    assert client.get(page(model, "change", row.pk)).context["has_change_permission"]
    assert signed_in(Role.SYSTEM_ADMIN).get(page(model)).status_code == 403


@pytest.mark.parametrize("model", by_name(SYSTEM | SECURITY | READ_ONLY), ids=lambda model: model.__name__)
def test_the_auditor_reads_and_changes_nothing(model):
    client = signed_in(Role.AUDITOR)
    assert client.get(page(model)).status_code == 200
    assert client.get(page(model, "add")).status_code == 403
    if row := model.objects.order_by("pk").first():
        assert not client.get(page(model, "change", row.pk)).context["has_change_permission"]
        assert client.post(page(model, "change", row.pk), {}).status_code == 403
        assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_staff_of_the_loop_do_not_get_in():
    client = Client()
    User.objects.filter(pk=people.clerk().pk).update(is_staff=True)
    client.force_login(people.clerk())
    for address in ("/admin/", page(User)):
        assert client.get(address).status_code == 403
    right = {"username": "anquan", "password": DEMO_PASSWORD}
    assert client.post("/admin/login/", right).status_code == 403, "no second way past the counted tries"
    assert Client().post("/admin/login/", right)["Location"].startswith("/login/?next=")


def test_the_demos_auditor_reads_his_logs_after_signing_in():
    client = Client()
    client.post("/login/", {"username": "shenji", "password": DEMO_PASSWORD})
    client.get("/desk/")
    assert 'href="/admin/"' in client.get("/board/").content.decode()
    actions.log_access("case:1:contact", by=people.clerk(), reason="核对地址", now=timezone.now())
    shown = {model: client.get(page(model)) for model in by_name(READ_ONLY)}
    assert {answer.status_code for answer in shown.values()} == {200}
    assert "核对地址" in shown[AccessLog].content.decode()
    assert people.someone(Role.AUDITOR, people.DISTRICT).name in shown[SignIn].content.decode()


def test_what_administrators_change_is_written_down_for_the_auditor():
    street = Organization.objects.get(code=people.STREET)
    body = {"name": "新名街道", "party_name": "", "active_from": "2016-01-01"}
    assert signed_in(Role.SYSTEM_ADMIN).post(page(Organization, "change", street.pk), body).status_code == 302
    assert "新名街道" in signed_in(Role.AUDITOR).get(page(LogEntry)).content.decode()


def test_a_post_that_ends_closes_the_configuration():
    client = signed_in(Role.SYSTEM_ADMIN)
    assert client.get("/admin/").status_code == 200
    vacate(Role.SYSTEM_ADMIN, people.DISTRICT)
    assert client.get("/admin/").status_code == 403


def test_nobody_changes_the_own_account_or_a_superuser():
    client = signed_in(Role.SECURITY_ADMIN)
    own = people.someone(Role.SECURITY_ADMIN, people.DISTRICT)
    root = User.objects.create_superuser("test_root", name="超级用户", password=PASSWORD)
    for account in (own, root):
        assert not client.get(page(User, "change", account.pk)).context["has_change_permission"]
        assert client.get(f"/admin/governance/user/{account.pk}/password/").status_code == 403
    assert client.post(page(Post, "change", own.posts.get().pk), {"ends_on": ""}).status_code == 403


def test_a_new_account_gets_a_post_which_later_ends():
    client = signed_in(Role.SECURITY_ADMIN)
    body = {
        "username": "test_new",
        "name": "新人",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    inline = {"posts-TOTAL_FORMS": 0, "posts-INITIAL_FORMS": 0}
    assert client.post(page(User, "add"), body | inline).status_code == 302
    account = User.objects.get(username="test_new")
    assert account.check_password(PASSWORD) and not account.is_superuser
    place = Organization.objects.get(code=people.STREET)
    post = {
        "posts-TOTAL_FORMS": 1,
        "posts-INITIAL_FORMS": 0,
        "posts-0-user": account.pk,
        "posts-0-organization": place.pk,
        "posts-0-role": Role.ACCEPTOR,
        "posts-0-starts_on": "2026-01-01",
    }
    body = {"username": "test_new", "name": "新人", "is_active": "on", "is_superuser": "on"}
    assert client.post(page(User, "change", account.pk), body | post).status_code == 302
    held = account.posts.get()
    assert held.role == Role.ACCEPTOR and not User.objects.get(pk=account.pk).is_superuser
    ended = client.post(page(Post, "change", held.pk), {"ends_on": "2026-11-01", "role": Role.LEADER})
    held.refresh_from_db()
    assert ended.status_code == 302 and held.role == Role.ACCEPTOR and f"{held.ends_on}" == "2026-11-01"


def test_the_security_admin_unlocks_an_account():
    User.objects.create_user("test_locked", password=PASSWORD, name="被锁的人")
    for _ in range(5):
        Client().post("/login/", {"username": "test_locked", "password": "wrong"})
    right = {"username": "test_locked", "password": PASSWORD}
    assert Client().post("/login/", right).status_code == 429
    chosen = User.objects.get(username="test_locked").pk
    signed_in(Role.SECURITY_ADMIN).post(page(User), {"action": "unlock", "_selected_action": [chosen]})
    assert Client().post("/login/", right).status_code == 302


def test_a_node_of_the_tree_stays_where_it_is():
    client = signed_in(Role.SYSTEM_ADMIN)
    street = Organization.objects.get(code=people.STREET)
    body = {
        "name": "新名街道",
        "party_name": "",
        "active_from": "2016-01-01",
        "code": "moved",
        "level": 1,
        "parent": "",
    }
    assert client.post(page(Organization, "change", street.pk), body).status_code == 302
    renamed = Organization.objects.get(pk=street.pk)
    assert (renamed.name, renamed.path, renamed.parent_id) == ("新名街道", street.path, street.parent_id)


def test_a_code_with_a_slash_would_break_the_path_and_is_refused():
    client = signed_in(Role.SYSTEM_ADMIN)
    parent = Organization.objects.get(code=people.STREET).pk
    body = {
        "kind": "department",
        "level": 2,
        "function": "water",
        "parent": parent,
        "name": "水务所",
        "active_from": "2026-01-01",
    }
    assert "编码只含" in client.post(page(Organization, "add"), body | {"code": "a/b"}).content.decode()
    assert client.post(page(Organization, "add"), body | {"code": "a.b"}).status_code == 302
    assert Organization.objects.get(code="a.b").path.endswith("/a.b/")


def test_gaps_of_the_grids_are_listed():
    client = signed_in(Role.SYSTEM_ADMIN)
    assert client.get(page(Grid), {"gap": "lacks_worker"}).context["cl"].result_count == 100


# --- The responsibility list


def form_of(row: Responsibility, **changed) -> dict:
    body = {
        "condition": row.condition,
        "lead": row.lead,
        "helpers": row.helpers,
        "power": row.power,
        "registering_condition": row.registering_condition,
        "closing_condition": row.closing_condition,
        "basis": row.basis,
        **row.limits,
    }
    return body | ({"remote_verification": "on"} if row.remote_verification else {}) | changed


def test_changing_a_row_makes_a_version_and_leaves_the_old_one_to_old_cases():
    case = reported()
    old = case.responsibility
    client = signed_in(Role.SYSTEM_ADMIN)
    body = form_of(old, handling="3 工作日", closing_condition="新的结案条件")
    asked = client.post(page(Responsibility, "change", old.pk), body).content.decode()
    assert "1 件在办案件仍按原版本办完" in asked
    body["seen"] = re.search(r'name="seen" value="(\w+)"', asked)[1]
    assert client.post(page(Responsibility, "change", old.pk), body).status_code == 302
    new = Responsibility.objects.current().get(category=old.category, condition=old.condition, loop=old.loop)
    assert (new.version, new.limits["handling"], new.valid_from) == (
        old.version + 1,
        "3 工作日",
        timezone.localdate(),
    )
    before = Responsibility.objects.get(pk=old.pk)
    assert (
        not before.is_current and before.limits == old.limits and before.valid_until == timezone.localdate()
    )
    case.refresh_from_db()
    assert case.responsibility_id == old.pk
    assert reported().responsibility_id == new.pk
    assert not client.get(page(Responsibility, "change", old.pk)).context["has_change_permission"]


def test_saving_a_row_unchanged_makes_no_version():
    row = Responsibility.objects.current().filter(category=settled_by("community")).first()
    count = Responsibility.objects.count()
    assert (
        signed_in(Role.SYSTEM_ADMIN).post(page(Responsibility, "change", row.pk), form_of(row)).status_code
        == 302
    )
    assert Responsibility.objects.count() == count


@pytest.mark.parametrize("limit", ["很快", "0 工作时", "4", "-1 工作日", ""])
def test_a_limit_that_nobody_can_read_is_refused(limit):
    row = Responsibility.objects.current().first()
    answer = signed_in(Role.SYSTEM_ADMIN).post(
        page(Responsibility, "change", row.pk), form_of(row, handling=limit)
    )
    assert answer.status_code == 200
    assert Responsibility.objects.get(pk=row.pk).is_current


@pytest.mark.parametrize("windows", ["9-12", "13:00-12:00", "09:00-12:00 11:00-17:00", "25:00-26:00"])
def test_working_hours_that_make_no_sense_are_refused(windows):
    hours = WorkingHours.objects.get()
    body = {"district": hours.district_id, "valid_from": "2026-01-01", "windows": windows}
    answer = signed_in(Role.SYSTEM_ADMIN).post(page(WorkingHours, "change", hours.pk), body)
    assert answer.status_code == 200 and WorkingHours.objects.get().windows == hours.windows


# Asking before a change takes hold ---------------------------------------------------------------------------------


def test_ending_a_rule_asks_and_says_what_becomes_of_open_cases():
    case = case_at(State.REGISTERED)
    client, row = signed_in(Role.SYSTEM_ADMIN), case.responsibility
    body = {"action": "end", "_selected_action": [row.pk]}
    asked = client.post("/admin/cases/responsibility/", body)
    assert asked.status_code == 200 and "1 件在办案件仍按原条目办完" in asked.content.decode()
    assert Responsibility.objects.get(pk=row.pk).is_current
    answer = client.post("/admin/cases/responsibility/", {**body, "seen": "yes"}, follow=True)
    assert "已终止" in answer.content.decode()
    assert not Responsibility.objects.get(pk=row.pk).is_current
    assert LogEntry.objects.filter(change_message__contains="终止权责").exists()


def test_the_configuration_has_our_dress_and_a_way_back_from_every_page():
    client = signed_in(Role.SYSTEM_ADMIN)
    for path in (
        "/admin/",
        "/admin/cases/workday/",
        "/admin/cases/workday/add/",
        "/admin/cases/workinghours/",
    ):
        page = re.sub(r"<symbol.*?</symbol>", "", client.get(path).content.decode())
        assert "css/admin" in page and all(
            f'href="{way}"' in page for way in ("/inbox/", "/help/", "/status/")
        )
        assert "theme.js" not in page and not re.search(
            r">(Add|Save|Delete|Home|Log out|Change)[ <]", page
        ), path
