"""Rules of whistles are dated: what is in force is only ended and followed; a whistle keeps what held when it was blown."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from governance.models import Organization
from partybuilding.actions.ruling import end_rule, set_rule
from partybuilding.admin import posts_that_blow
from partybuilding.importing import import_whistle_rules
from partybuilding.models import WhistleBand, WhistleRule
from partybuilding.models.rules import validate_blowers
from records.refusals import Unfit
from tests import people
from tests.lives import MORNING
from tests.partybuilding.blowing import DAY, MANAGEMENT, asked, blown, clock_of, do, unit, user

pytestmark = pytest.mark.django_db
TODAY = MORNING.date()


def in_force(kind: str, on: dt.date) -> WhistleRule:
    return WhistleRule.objects.in_force(on).get(district__code=people.DISTRICT, kind=kind)


def following(**changes: Any) -> WhistleRule:
    """A rule like the one in force, with changes."""
    rule = in_force("enforcement", TODAY)
    rule.pk, rule.valid_until = None, None
    for name, value in changes.items():
        setattr(rule, name, value)
    return rule


def test_a_new_rule_ends_the_one_before_it():
    limits = in_force("enforcement", TODAY).limits | {"sign": "2 工作时"}
    set_rule(following(valid_from=TODAY + dt.timedelta(days=7), limits=limits), on=TODAY)
    assert in_force("enforcement", TODAY + dt.timedelta(days=6)).limits["sign"] == "1 工作时"
    assert in_force("enforcement", TODAY + dt.timedelta(days=7)).limits["sign"] == "2 工作时"
    set_rule(following(valid_from=TODAY + dt.timedelta(days=3), label="过渡"), on=TODAY)
    found = [in_force("enforcement", TODAY + dt.timedelta(days=day)).label for day in (2, 3, 6, 7)]
    assert found == ["综合执法哨", "过渡", "过渡", "综合执法哨"]


def test_no_rule_begins_or_ends_in_the_past():
    with pytest.raises(Unfit) as refusal:
        set_rule(following(valid_from=TODAY - dt.timedelta(days=1)), on=TODAY)
    assert refusal.value.field == "valid_from"
    with pytest.raises(Unfit) as refusal:
        end_rule(in_force("enforcement", TODAY), last=TODAY - dt.timedelta(days=1), on=TODAY)
    assert refusal.value.field == "valid_until"


def test_a_whistle_keeps_the_rule_of_the_day_on_which_it_was_blown():
    old, before = blown(), in_force("enforcement", TODAY)
    rule = following(
        valid_from=TODAY + dt.timedelta(days=1),
        distance=50,
        blowers=["district:secretary", "street:secretary"],
        sources=["judgement"],
        limits=dict.fromkeys(old.rule["limits"], "2 工作日"),
    )
    set_rule(rule, on=TODAY)
    later = MORNING + 2 * DAY
    new = blown(now=later)
    assert (old.rule["distance"], new.rule["distance"]) == (200, 50)
    assert (old.rule["blowers"], new.rule["blowers"]) == (
        before.blowers,
        ["district:secretary", "street:secretary"],
    )
    assert (old.rule["sources"], new.rule["sources"]) == (before.sources, ["judgement"])
    do(old, "call", "jieshuji", unit=unit(f"{people.DISTRICT}-water"), reason="加", now=later)
    late = clock_of(old, f"{people.DISTRICT}-water", "sign")
    assert (late.limit, clock_of(new, MANAGEMENT, "sign").limit) == ("1 工作时", "2 工作日")


def test_what_was_asked_for_is_blown_by_the_rule_of_the_day_of_blowing():
    whistle = asked()
    set_rule(following(valid_from=TODAY + dt.timedelta(days=1), distance=50), on=TODAY)
    whistle = do(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT), now=MORNING + 2 * DAY)
    assert whistle.rule["distance"] == 50


def test_the_first_rules_are_imported_once_for_districts_without_any():
    before = WhistleRule.objects.count()
    assert import_whistle_rules(on=TODAY) == 0
    WhistleRule.objects.filter(kind="community").delete()
    WhistleBand.objects.all().delete()
    call_command("import_whistle_rules")
    assert (WhistleRule.objects.count(), WhistleBand.objects.count()) == (before, 1)


# In the configuration ---------------------------------------------------------------------------------------------


def admin() -> Client:
    client = Client()
    client.force_login(user("xitong"))
    return client


def form(**changes: Any) -> dict[str, Any]:
    return {
        "district": Organization.objects.get(code=people.DISTRICT).pk,
        "kind": "enforcement",
        "label": "综合执法哨",
        "valid_from": timezone.localdate().isoformat(),
        "sources": ["judgement", "joint"],
        "blowers": ["street:secretary"],
        "distance": "100",
        "most_a_month": "10",
        "basis": "试行",
        "decide_limit": "2 工作时",
        "sign": "2 工作时",
        "contact": "1 工作日",
        "arrive": "3 工作日",
        "settle": "10 工作日",
    } | changes


def test_the_system_admin_sets_a_rule_that_follows():
    answer = admin().post("/admin/partybuilding/whistlerule/add/", form())
    assert answer.status_code == 302, answer.content.decode()
    rule = in_force("enforcement", timezone.localdate())

    assert (rule.decide_limit, rule.blowers, rule.sources) == (
        "2 工作时",
        ["street:secretary"],
        ["judgement", "joint"],
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("sign", "soon"),
        ("settle", ""),
        ("decide_limit", "tomorrow"),
        ("blowers", ["street:clerk"]),
        ("blowers", ["city:secretary"]),
        ("sources", ["boredom"]),
        ("distance", "-1"),
        ("valid_from", "2020-01-01"),
    ],
)
def test_a_rule_that_does_not_fit_is_shown_again_with_the_reason(field, wrong):
    before = WhistleRule.objects.count()
    answer = admin().post("/admin/partybuilding/whistlerule/add/", form(**{field: wrong}))
    assert answer.status_code in (200, 409) and WhistleRule.objects.count() == before
    assert answer.context["adminform"].form.errors.keys() == {field}


def test_a_rule_in_force_shows_what_it_says_and_can_only_be_ended():
    rule = in_force("enforcement", timezone.localdate())
    address = f"/admin/partybuilding/whistlerule/{rule.pk}/change/"
    assert list(admin().get(address).context["adminform"].form.fields) == ["valid_until"]
    day = timezone.localdate() + dt.timedelta(days=3)
    assert admin().post(address, form(distance="1", valid_until=day.isoformat())).status_code == 302
    after = WhistleRule.objects.get(pk=rule.pk)
    assert (after.distance, after.valid_until, after.limits) == (rule.distance, day, rule.limits)
    assert "1 工作时" in admin().get(address).content.decode()


@pytest.mark.parametrize(
    "blower", ["city:secretary", "grid:secretary", "court:secretary", "street:clerk", "secretary"]
)
def test_only_posts_of_the_territories_of_a_whistle_may_blow(blower):
    with pytest.raises(ValidationError):
        validate_blowers([blower])
    assert blower not in dict(posts_that_blow())


def test_nobody_else_sets_rules():
    client = Client()
    for name in ("qushuji", "jieshuji", "anquan"):
        client.force_login(user(name))
        assert client.post("/admin/partybuilding/whistlerule/add/", form()).status_code in (302, 403)
    assert in_force("enforcement", timezone.localdate()).limits["sign"] == "1 工作时"
