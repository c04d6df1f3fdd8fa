"""Kinds of communities: dated, one at a time, never rewritten."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from demo.kinds import settle_kinds
from governance import actions
from governance.importing import import_kinds
from governance.models import CommunityKind, Level, Organization
from governance.profile import profile
from governance.refusals import Refused
from governance.roles import Role
from tests import people

pytestmark = pytest.mark.django_db
#: Became an estate on 1 June 2026, when the demo's town houses were rebuilt.
CHANGED = "530103005002"
CHANGED_ON = dt.date(2026, 6, 1)
LATE = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)


def community(code: str = people.COMMUNITY) -> Organization:
    return Organization.objects.get(code=code)


def kind_on(day: dt.date, code: str = CHANGED) -> str | None:
    return (
        CommunityKind.objects.as_of(day)
        .filter(organization__code=code)
        .values_list("kind", flat=True)
        .first()
    )


def keeper():
    return people.someone(Role.SYSTEM_ADMIN, people.DISTRICT)


def draft(
    kind: str, begin: dt.date, end: dt.date | None = None, code: str = people.COMMUNITY
) -> CommunityKind:
    return CommunityKind(
        organization=community(code), kind=kind, valid_from=begin, valid_until=end, reason="分类评定会议纪要"
    )


def classify(*of) -> CommunityKind | None:
    return actions.classify(draft(*of), by=keeper(), now=timezone.now())


def signed_in(role: Role = Role.SYSTEM_ADMIN) -> Client:
    client = Client()
    client.force_login(people.someone(role, people.DISTRICT))
    return client


# As of a day ------------------------------------------------------------------------------------------------------


def test_every_day_has_the_kind_that_held_then():
    assert kind_on(dt.date(2023, 12, 31)) is None
    assert kind_on(dt.date(2024, 1, 1)) == kind_on(CHANGED_ON - DAY) == "urban_fringe"
    assert kind_on(CHANGED_ON) == kind_on(LATE) == "estate"


def test_a_kind_that_was_ended_holds_up_to_that_day():
    CommunityKind.objects.filter(organization=community(), valid_until=None).update(valid_until=LATE)
    assert kind_on(LATE - DAY, people.COMMUNITY) == "business" and kind_on(LATE, people.COMMUNITY) is None
    row = CommunityKind.objects.get(organization=community())
    assert [row.holds_on(day) for day in (LATE - DAY, LATE)] == [True, False]


def test_every_community_of_the_demo_has_a_kind_and_every_kind_its_communities():
    rows = CommunityKind.objects.as_of(LATE)
    places = Organization.objects.territories(Level.COMMUNITY)
    assert {row.organization_id for row in rows} == set(places.values_list("pk", flat=True))
    assert {row.kind for row in rows} == set(profile().kinds)
    assert not CommunityKind.objects.exclude(reason__startswith="演示虚构：").exists()


def test_the_demo_sorts_once():
    before = set(CommunityKind.objects.values_list("pk", "valid_from", "valid_until"))
    settle_kinds(now=timezone.now() + 90 * DAY)
    assert set(CommunityKind.objects.values_list("pk", "valid_from", "valid_until")) == before


# One at a time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (dt.date(2024, 1, 1), None),
        (dt.date(2026, 5, 31), CHANGED_ON),
        (dt.date(2020, 1, 1), None),
        (dt.date(2023, 1, 1), dt.date(2024, 1, 2)),
        (dt.date(2030, 1, 1), dt.date(2031, 1, 1)),
    ],
)
def test_the_database_takes_no_two_kinds_for_a_day(begin, end):
    row = draft("village", begin, end, CHANGED)
    row.set_by, row.set_at = keeper(), timezone.now()
    with pytest.raises(IntegrityError, match="community_kind_one_at_a_time"), transaction.atomic():
        row.save()


def test_days_beside_each_other_are_free_and_so_are_other_communities():
    row = draft("village", dt.date(2023, 1, 1), dt.date(2024, 1, 1), CHANGED)
    row.set_by, row.set_at = keeper(), timezone.now()
    row.save()
    other = Organization.objects.create(
        code="530103001099", name="试验社区", level=Level.COMMUNITY, parent=community().parent
    )
    CommunityKind.objects.create(
        organization=other, kind="village", valid_from=dt.date(2024, 1, 1), reason="试验", set_by=keeper(), set_at=timezone.now()
    )  # fmt: skip


def test_the_database_takes_no_end_before_the_beginning():
    row = draft("village", LATE, LATE)
    row.set_by, row.set_at = keeper(), timezone.now()
    with pytest.raises(IntegrityError, match="community_kind_dates_in_order"), transaction.atomic():
        row.save()


def test_a_new_kind_ends_the_one_before_and_says_who_set_it():
    before = classify("old_estate", LATE)
    assert (before.kind, before.valid_until) == ("business", LATE)
    row = CommunityKind.objects.as_of(LATE).get(organization=community())
    assert (row.kind, row.set_by, row.valid_until) == ("old_estate", keeper(), None)


@pytest.mark.parametrize(
    ("kind", "begin", "end", "field", "sentence"),
    [
        ("business", LATE, None, "kind", "不必再定"),
        ("village", dt.date(2023, 1, 1), None, "valid_from", "这些天已定为商圈楼宇型（2024-01-01 起）"),
        ("village", dt.date(2024, 1, 1), None, "valid_from", "这些天已定为"),
    ],
)
def test_what_would_rewrite_a_kind_is_refused_and_nothing_is_written(kind, begin, end, field, sentence):
    with pytest.raises(Refused, match=sentence) as refusal:
        classify(kind, begin, end)
    assert refusal.value.field == field
    row = CommunityKind.objects.get(organization=community())
    assert (row.kind, row.valid_until) == ("business", None)


# The configuration ------------------------------------------------------------------------------------------------

ADD = "/admin/governance/communitykind/add/"


def form(**changed) -> dict:
    body = {
        "organization": community().pk,
        "kind": "old_estate",
        "valid_from": "2026-11-20",
        "reason": "会议纪要",
    }
    return body | changed


def test_the_system_admin_sets_a_kind_and_the_one_before_ends_in_the_log():
    assert signed_in().post(ADD, form()).status_code == 302
    old, new = CommunityKind.objects.filter(organization=community()).order_by("valid_from")
    assert (old.valid_until, new.kind, new.set_by) == (LATE, "old_estate", keeper())
    said = list(LogEntry.objects.filter(object_id=str(old.pk)).values_list("change_message", flat=True))
    assert said == ["终止于 2026-11-20：改为老旧小区型"]


def test_a_kind_that_stands_can_only_be_ended():
    row = CommunityKind.objects.get(organization=community())
    body = form(kind="village", valid_from="2020-01-01", reason="改写", valid_until="2026-12-01")
    assert signed_in().post(f"/admin/governance/communitykind/{row.pk}/change/", body).status_code == 302
    after = CommunityKind.objects.get(pk=row.pk)
    assert (after.kind, after.valid_from, after.reason) == (row.kind, row.valid_from, row.reason)
    assert after.valid_until == dt.date(2026, 12, 1)
    assert (
        signed_in().post(f"/admin/governance/communitykind/{row.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("changed", "status", "field", "sentence"),
    [
        ({"valid_until": "2026-11-01"}, 200, "valid_until", "终止日期须晚于生效日期。"),
        ({"kind": "castle"}, 200, "kind", "没有这个选项"),
        ({"reason": ""}, 200, "reason", "请填写依据。"),
        ({"organization": ""}, 200, "organization", "请选择社区。"),
        ({"kind": "business"}, 409, "kind", "自 2024-01-01 起已是商圈楼宇型，不必再定。"),
        (
            {"valid_from": "2023-01-01"},
            409,
            "valid_from",
            "这些天已定为商圈楼宇型（2024-01-01 起），请另选日期。",
        ),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(changed, status, field, sentence):
    answer = signed_in().post(ADD, form(**changed))
    errors = answer.context["adminform"].form.errors
    assert answer.status_code == status
    assert field in errors and sentence in "".join(errors[field])
    assert CommunityKind.objects.filter(organization=community()).count() == 1


def test_a_street_is_of_no_kind():
    answer = signed_in().post(ADD, form(organization=community().parent_id))
    assert answer.status_code == 200 and "organization" in answer.context["adminform"].form.errors


def test_an_end_may_be_moved_but_not_into_the_next_kind():
    old = CommunityKind.objects.get(organization__code=CHANGED, kind="urban_fringe")
    address = f"/admin/governance/communitykind/{old.pk}/change/"
    answer = signed_in().post(address, {"valid_until": "2026-07-01"})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"valid_until": ["这个社区在这些天里已有类型。"]}
    assert signed_in().post(address, {"valid_until": "2026-05-01"}).status_code == 302


# Import -----------------------------------------------------------------------------------------------------------


def row(**changed: str) -> dict[str, str]:
    usual = {"code": people.COMMUNITY, "kind": "老旧小区型", "valid_from": "2026-11-20", "reason": "会议纪要"}
    return usual | changed


def test_a_file_of_kinds_says_what_it_did_and_does_nothing_again():
    rows = [row(), row(code="530103001002", kind="商圈楼宇型")]
    changes = import_kinds(rows, by=keeper(), now=timezone.now())
    assert (len(changes.created), len(changes.ended), changes.unchanged) == (2, 2, 0)
    again = import_kinds(rows, by=keeper(), now=timezone.now())
    assert (again.created, again.ended, again.unchanged) == ([], [], 2)


def test_every_row_that_does_not_fit_is_named_and_nothing_is_written():
    before = CommunityKind.objects.count()
    wrong = [
        row(),
        row(code="530103001099"),
        row(code="530103001002", kind="城堡型"),
        row(code="530103001003", valid_from="2026.11.20"),
        row(code="530103001004", reason=" "),
        row(code="530103001005", valid_from="2024-01-01", kind="农村型"),
    ]
    with pytest.raises(ValueError) as problem:
        import_kinds(wrong, by=keeper(), now=timezone.now())
    lines = str(problem.value).splitlines()
    assert len(lines) == 5
    for said in (
        "没有这个编码的社区",
        "没有“城堡型”这一类",
        "应写成 2026-07-01",
        "依据须写",
        "已定的类型不改写",
    ):
        assert any(said in line for line in lines)
    assert CommunityKind.objects.count() == before


def test_the_command_reads_a_file_in_somebodys_name(tmp_path: Path, capsys):
    file = tmp_path / "kinds.csv"
    file.write_text("code,kind,valid_from,reason\n" + ",".join(row().values()) + "\n", encoding="utf-8")
    call_command("import_kinds", file, by="xitong")
    assert "社区类型：新增 1，变更 0，未变 0，终止 1" in capsys.readouterr().out
    assert kind_on(LATE, people.COMMUNITY) == "old_estate"


@pytest.mark.parametrize(
    ("text", "by", "sentence"),
    [
        ("code,kind\n530103001001,农村型\n", "xitong", "缺少列：valid_from、reason"),
        ("code,kind,valid_from,reason\n", "nobody", "没有账号 nobody"),
        ("code,kind,valid_from,reason\n1,农村型,2026-11-20,会议纪要\n", "xitong", "没有这个编码的社区"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, text, by, sentence):
    file = tmp_path / "kinds.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=sentence):
        call_command("import_kinds", file, by=by)
