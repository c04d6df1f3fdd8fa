"""Rivals: whoever comes second is told so, and nothing is done twice."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Count

from cases import actions
from cases.actions import KeyReused, Stale
from cases.models import Case, CaseEvent, CaseText, Leg
from cases.workflow import Loop, State, Step
from governance.models import User
from records import chain
from tests import people
from tests.lives import MORNING, case_at, eligible_units, inside, reported, settled_by, walk
from tests.rivals import Rivals, rivals
from tests.scale import tries

CASES, RIVALS = tries(40, full=100, trust=300), 8


@pytest.fixture
def crowd(transactional_db) -> Iterator[Rivals]:
    with rivals(RIVALS) as found:
        yield found


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_of_eight_dispatchers_at_once_one_wins(promise):
    first = case_at(State.REGISTERED)
    others = [case_at(State.REGISTERED).uuid for _ in range(CASES - 1)]
    units = eligible_units(first)
    answers: Counter = Counter()
    gate = Barrier(RIVALS, timeout=60)

    def rival(number: int) -> list:
        """The same clerk at eight desks: each sends every case to a unit of its own choice."""
        mine, unit = User.objects.get(username="shequ"), units[number % len(units)]
        said = []
        for case_uuid in [first.uuid, *others]:
            gate.wait()
            try:
                answer = actions.perform(
                    case_uuid, "dispatch", by=mine, now=MORNING, key=uuid.uuid4(), given={"unit": unit}
                )
                said.append(answer.state)
            except Exception as problem:
                said.append(type(problem))
        connection.close()
        return said

    with ThreadPoolExecutor(RIVALS) as pool:
        for said in pool.map(rival, range(RIVALS)):
            answers.update(said)
    won, refused = answers.pop(State.DISPATCHED), answers.pop(Stale)
    assert (won, answers) == (CASES, {})
    handling = Leg.objects.filter(step=Step.HANDLING).values("case").annotate(n=Count("pk"))
    assert [row["n"] for row in handling] == [1] * CASES
    assert chain.broken(CaseEvent, CaseText) == []
    promise("one winner among eight rivals on a case", tried=CASES * RIVALS, held=won + refused)


def test_the_same_report_sent_by_eight_at_once_makes_one_case(crowd):
    key, by = uuid.uuid4(), people.worker()
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "同一份上报"}

    def send():
        return actions.report(by=User.objects.get(pk=by.pk), now=MORNING, key=key, given=given)

    answers = crowd.at_once([send] * RIVALS)
    assert {answer.record_id for answer in answers} == {Case.objects.get().pk}
    assert sum(answer.is_repeat for answer in answers) == RIVALS - 1
    assert CaseEvent.objects.count() == 1


def test_the_same_move_sent_by_eight_at_once_is_made_once(crowd):
    case, key, clerk = case_at(State.REGISTERED), uuid.uuid4(), people.clerk()
    unit = eligible_units(case)[0]

    def send():
        by = User.objects.get(pk=clerk.pk)
        return actions.perform(
            case.uuid, "dispatch", by=by, now=MORNING, key=key, given={"unit": unit}, leg=None
        )

    answers = crowd.at_once([send] * RIVALS)
    assert sum(not answer.is_repeat for answer in answers) == 1
    assert {answer.version for answer in answers} == {case.version + 1}


def test_two_cases_merged_into_each_other_at_once_do_not_both_end(crowd):
    one, other = reported(), reported()
    clerk = people.clerk()

    def merge(case: Case, target: Case):
        by = User.objects.get(pk=clerk.pk)
        return lambda: actions.perform(
            case.uuid, "merge", by=by, now=MORNING, key=uuid.uuid4(), given={"target": target}
        )

    answers = crowd.at_once([merge(one, other), merge(other, one)])
    assert sum(isinstance(answer, actions.Answer) for answer in answers) == 1
    assert sorted(Case.objects.values_list("state", flat=True)) == [State.MERGED, State.REPORTED]


# Repeats ----------------------------------------------------------------------------------------------------------


def counts() -> tuple[int, ...]:
    return Case.objects.count(), CaseEvent.objects.count(), Leg.objects.count()


@pytest.fixture
def report(db) -> dict:
    return {
        "by": people.worker(),
        "now": MORNING,
        "key": uuid.uuid4(),
        "given": {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "楼道里有杂物"},
    }


def test_a_repeated_report_gets_the_same_answer_and_writes_nothing(report):
    first, before = actions.report(**report), counts()
    again = actions.report(**report)
    assert (again.uuid, again.record_id, again.version, again.is_repeat) == (
        first.uuid,
        first.record_id,
        1,
        True,
    )
    assert counts() == before


def test_a_repeated_report_with_other_words_is_refused(report):
    actions.report(**report)
    before = counts()
    with pytest.raises(KeyReused):
        actions.report(**report | {"given": report["given"] | {"words": "别的话"}})
    assert counts() == before


def test_somebody_else_does_not_get_the_answer_to_a_key(report):
    actions.report(**report)
    with pytest.raises(KeyReused):
        actions.report(**report | {"by": people.clerk()})


@pytest.mark.django_db
@pytest.mark.parametrize("later", [(), ("accept", "feedback")])
def test_a_repeated_move_gets_the_same_answer_and_writes_nothing(later):
    case, key = case_at(State.REGISTERED), uuid.uuid4()
    leg = case.legs.get(stopped_at=None).pk
    call = {"by": people.clerk(), "now": MORNING, "key": key, "leg": leg}
    unit = next(unit for unit in eligible_units(case) if unit.function == "property")
    first = actions.perform(case.uuid, "dispatch", given={"unit": unit}, **call)
    walk(case, *later)
    before = counts()
    again = actions.perform(case.uuid, "dispatch", given={"unit": unit}, **call)
    assert (again.state, again.version, again.is_repeat) == (first.state, first.version, True)
    assert counts() == before


@pytest.mark.django_db
def test_a_changed_repeat_of_a_move_is_409_over_http(client):
    case, key = case_at(State.REGISTERED), uuid.uuid4()
    client.force_login(people.clerk())
    one, other = eligible_units(case)[:2]
    url = f"/cases/{case.uuid}/moves/dispatch/"
    assert client.post(url, {"key": key, "unit": one.pk}).status_code == 302
    before = counts()
    assert client.post(url, {"key": key, "unit": one.pk}).status_code == 302
    answer = client.post(url, {"key": key, "unit": other.pk})
    assert answer.status_code == 409
    assert "已经提交过" in answer.content.decode()
    assert counts() == before


@pytest.mark.django_db
def test_a_key_of_one_case_is_no_key_for_another(client):
    one, other, key = case_at(State.REGISTERED), case_at(State.REGISTERED), uuid.uuid4()
    client.force_login(people.clerk())
    unit = eligible_units(one)[0].pk
    assert client.post(f"/cases/{one.uuid}/moves/dispatch/", {"key": key, "unit": unit}).status_code == 302
    answer = client.post(f"/cases/{other.uuid}/moves/dispatch/", {"key": key, "unit": unit})
    assert answer.status_code == 409
    assert Case.objects.get(pk=other.pk).state == State.REGISTERED


@pytest.mark.django_db
def test_a_comment_sent_twice_is_said_once():
    case, key = reported(), uuid.uuid4()
    call = {"by": people.clerk(), "now": MORNING, "key": key, "given": {"words": "已联系物业"}}
    actions.perform(case.uuid, "comment", **call)
    assert actions.perform(case.uuid, "comment", **call).is_repeat
    assert case.events.filter(move="comment").count() == 1
