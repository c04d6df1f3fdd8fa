"""Every rule stands behind the door, once: what a form would have refused the door refuses, in the words of the page."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from cases import actions
from cases.actions import Forbidden, Refused, Unfit
from cases.models import Case, Category, Responsibility, RuleOverride
from cases.rules import offers
from cases.situations import Situation
from cases.workflow import MOVES, Loop, Move, State
from governance.models import Organization, User
from tests import people
from tests.lives import MORNING, case_at, hands, inside, reported, row_for, settled_by, walk

pytestmark = pytest.mark.django_db
NOW = MORNING + dt.timedelta(hours=1)


def unit(code: str) -> Organization:
    return Organization.objects.get(code=code)


def ended_unit() -> Organization:
    found = unit(f"{people.COMMUNITY}-property")
    Organization.objects.filter(pk=found.pk).update(active_until=dt.date(2026, 11, 1))
    return found


def row(**found: Any) -> Responsibility:
    return Responsibility.objects.filter(**found).first()


#: What a form would have refused, by the word of the table.
WRONG: dict[str, list] = {
    "words": ["", "  ", "长" * 1001, 7],
    "reason": ["", "  ", "长" * 1001, 7],
    "photos": [[], ["abc"], [uuid.uuid4() for _ in range(10)], [uuid.uuid4()]],
    "before_photo": [[], ["abc"], [uuid.uuid4(), uuid.uuid4()]],
    "after_photo": [[], ["abc"], [uuid.uuid4(), uuid.uuid4()]],
    "position": [
        [],
        [102.7],
        [1e9, 25.0],
        [181.0, 25.0],
        [102.7, 89.0],
        [102.7, -86.0],
        [float("nan"), 25.0],
        ["nan", "nan"],
        ["a", "b"],
    ],
    "category": [None, lambda: Category(name="停用", is_active=False)],
    "responsibility": [
        None,
        lambda: row(power="report", is_current=True),
        lambda: row(power="assist", is_current=True),
        lambda: Responsibility(power="settle", is_current=False),
    ],
    "unit": [None, lambda: unit(f"{people.ELSEWHERE}-property"), ended_unit, lambda: unit(people.STREET)],
    "right_unit": [None, lambda: unit(f"{people.ELSEWHERE}-property"), ended_unit],
    "refusal": ["", "no_time"],
    "target": [None],
    "amount": [None, Decimal(0), Decimal(-1), Decimal("1e6"), Decimal("0.00001"), Decimal("NaN")],
    "until": [None, NOW.date(), NOW.date() - dt.timedelta(days=1), NOW.date() + dt.timedelta(days=367)],
    "deadline": [None, NOW, NOW - dt.timedelta(hours=1), NOW + dt.timedelta(days=367)],
    "grade": ["", "satisfied", "lapsed", "6"],
    "condition_met": [None, False],
}
PREPARED = {
    "grant_extension": "ask_extension",
    "deny_extension": "ask_extension",
    "deny_suspension": "ask_suspension",
    "deny_void": "ask_void",
    "reply_supervision": "order_supervision",
}
MADE_BY_PEOPLE = [move for move in MOVES.values() if move.needs and move.name not in ("take_over",)]
WORDS_OF_THE_TABLE = [(move.name, name) for move in MADE_BY_PEOPLE for name in move.needs]


def ready_for(move: Move) -> Case:
    """A case on which the move can be made at ``NOW``."""
    state = State.HANDLING if State.HANDLING in move.sources else move.sources[0]
    rough = {"position_source": "grid"} if move.name == "correct_position" else {}
    case = case_at(state, loop=Loop.STREET if move.name == "delegate" else Loop.COMMUNITY, **rough)
    return walk(case, *filter(None, [PREPARED.get(move.name)]), now=MORNING + dt.timedelta(minutes=30))


@pytest.mark.parametrize(("name", "word"), WORDS_OF_THE_TABLE)
def test_the_door_refuses_whatever_a_form_would_have_refused(name, word):
    move = MOVES[name]
    if not move.sources:
        return refuses_the_report(move, word)
    case = ready_for(move)
    helpers = hands()
    seen, leg = helpers.look(case.uuid)
    by = helpers.candidates(seen, leg, move, NOW)[0]
    target = {"target": reported()} if "target" in move.needs else {}
    right = helpers.answers(move, seen, leg, by, NOW, target)
    for wrong in WRONG[word]:
        given = {**right, word: wrong() if callable(wrong) else wrong}
        with pytest.raises(Unfit) as refusal:
            actions.perform(case.uuid, name, by=by, now=NOW, key=uuid.uuid4(), given=given)
        assert refusal.value.field == word, wrong
        assert Case.objects.get(pk=case.pk).version == case.version
    return None


def refuses_the_report(move: Move, word: str) -> None:
    source = Case.Source.SELF if move.name == "report_handled" else Case.Source.FIELD
    right = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "门口积水。"}
    if source == Case.Source.SELF:
        right |= {"before_photo": [uuid.uuid4()], "after_photo": [uuid.uuid4()]}
    for wrong in WRONG[word]:
        given = {**right, word: wrong() if callable(wrong) else wrong}
        with pytest.raises(Unfit) as refusal:
            actions.report(by=people.worker(), now=NOW, key=uuid.uuid4(), given=given, source=source)
        assert refusal.value.field == word, wrong
    assert not Case.objects.exists()


@pytest.mark.parametrize("state", [s for s in State if any(s in move.sources for move in MOVES.values())])
def test_the_page_says_why_not_in_the_words_of_the_door(state):
    case = case_at(state, loop=Loop.STREET)
    tried = 0
    for name in ("jiedao", "zhiban", "paiqian", "jielingdao", "wangge", "zhifa", "jiandu"):
        user = User.objects.filter(username=name).first()
        if user is None or not Case.objects.visible_to(user).filter(pk=case.pk).exists():
            continue
        seen, leg = hands().look(case.uuid)
        for offer in offers(Situation(seen, user, NOW, leg=leg)):
            if offer.is_allowed:
                continue
            with pytest.raises(Refused) as refusal:
                actions.perform(case.uuid, offer.move.name, by=user, now=NOW, key=uuid.uuid4(), given={})
            assert refusal.value.sentence == offer.why_not
            tried += 1
    assert tried


def test_one_person_alone_cannot_withdraw_what_others_reported_too():
    target = walk(reported(by=people.worker()))
    walk(reported(by=people.clerk()), "merge", target=target)
    with pytest.raises(Refused, match="并入他人的上报"):
        walk(target, "withdraw", now=NOW)


# Down and up ------------------------------------------------------------------------------------------------------


def test_a_case_goes_down_only_where_the_list_gives_the_power():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    below = Responsibility.objects.current().filter(category=case.category_id, loop=Loop.COMMUNITY)
    assert walk(case_at(State.REGISTERED, loop=Loop.STREET), "delegate", now=NOW).loop == Loop.COMMUNITY
    below.update(power=Responsibility.Power.REPORT)
    with pytest.raises(Refused, match="权责清单没有授权"):
        walk(case, "delegate", now=NOW)
    below.update(is_current=False)
    with pytest.raises(Refused, match="权责清单没有授权"):
        walk(case, "delegate", now=NOW)


@pytest.mark.parametrize(
    ("move", "loop", "to"),
    [("escalate", Loop.COMMUNITY, Loop.STREET), ("delegate", Loop.STREET, Loop.COMMUNITY)],
)
def test_the_form_names_who_receives_the_case_and_until_when(move, loop, to):
    case = case_at(State.REGISTERED, loop=loop)
    chief = hands().candidates(*hands().look(case.uuid), MOVES[move], NOW)[0]
    client = Client()
    client.force_login(chief)
    text = client.get(f"/cases/{case.uuid}/moves/{move}/").content.decode()
    after = walk(case, move, now=NOW)
    assert after.loop == to
    assert f"由{after.centre.centre_name}接办" in text
    assert f"派遣时限 {row_for(after).limit('dispatching')}" in text
    assert "到期" in text


@pytest.mark.parametrize(("move", "loop"), [("escalate", Loop.COMMUNITY), ("delegate", Loop.STREET)])
def test_the_reason_of_routing_speaks_of_the_loop_that_has_the_case(move, loop):
    case = walk(case_at(State.REGISTERED, loop=loop), move, now=NOW)
    assert Loop(case.loop).label in case.routing_reason
    assert MOVES[move].label in case.routing_reason
    assert loop.label not in case.routing_reason


# Numbers ----------------------------------------------------------------------------------------------------------


def test_a_district_sets_its_own_numbers_from_a_date_on():
    district = Organization.objects.get(code=people.DISTRICT)
    case = case_at(State.CLOSED)
    late = case.closed_at + dt.timedelta(days=5)
    reporter = people.worker()

    def reopen(now: dt.datetime) -> None:
        actions.perform(
            case.uuid, "reopen", by=reporter, now=now, key=uuid.uuid4(), given={"reason": "又来了"}
        )

    with pytest.raises(Refused, match="超过 7 天"):
        reopen(case.closed_at + dt.timedelta(days=8))
    override = RuleOverride.objects.create(
        district=district, name="reopen_days", valid_from=late.date(), value=3, basis="区办〔2026〕12 号"
    )
    with pytest.raises(Refused, match="超过 3 天"):
        reopen(late)
    RuleOverride.objects.filter(pk=override.pk).update(valid_from=late.date() + dt.timedelta(days=1))
    reopen(late)


def test_a_district_that_grants_no_extension_says_so():
    district = Organization.objects.get(code=people.DISTRICT)
    RuleOverride.objects.create(
        district=district, name="extensions", valid_from=MORNING.date(), value=0, basis="区办〔2026〕12 号"
    )
    with pytest.raises(Refused, match="最多延期 0 次"):
        walk(case_at(State.HANDLING), "ask_extension", now=NOW)


def test_a_stranger_is_refused_before_anything_is_said_about_the_case():
    case = case_at(State.REGISTERED)
    with pytest.raises(Case.DoesNotExist):
        actions.perform(case.uuid, "dispatch", by=people.stranger(), now=NOW, key=uuid.uuid4(), given={})
    with pytest.raises(Forbidden):
        actions.perform(
            case.uuid, "dispatch", by=people.worker(), now=NOW, key=uuid.uuid4(), given={"unit": None}
        )


@pytest.mark.parametrize("name", ["supervision_days", "suspension_days"])
def test_a_time_of_no_days_is_refused_where_it_is_saved(name):
    district = Organization.objects.get(code=people.DISTRICT)
    row = RuleOverride(district=district, name=name, valid_from=MORNING.date(), value=0, basis="区办")
    with pytest.raises(ValidationError, match="至少为 1"):
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_what_is_still_to_be_registered_goes_down_only_where_it_can_be_registered():
    case = case_at(State.REPORTED, loop=Loop.STREET)
    below = Responsibility.objects.current().filter(category=case.category_id, loop=Loop.COMMUNITY)
    below.update(power=Responsibility.Power.ASSIST)
    with pytest.raises(Refused, match="权责清单没有授权"):
        walk(case, "delegate", now=NOW)
    below.update(power=Responsibility.Power.SETTLE)
    assert walk(case, "delegate", now=NOW).loop == Loop.COMMUNITY
