"""剔除: a case is left out of the figure beside the raw one by two people besides the asker, in public, and never secretly."""

import pytest
from django.db import DatabaseError, transaction

from appraisal.exclusions import ask, verdicts
from appraisal.models import Exclusion, ExclusionDecision
from appraisal.periods import DAY
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Notice, Organization, Outbox
from governance.roles import Role
from records.refusals import Forbidden, Refused, Stale, Unfit
from tests import lives, people
from tests.appraisal.excluding import AGREE, END, REFUSE, asked, asker, chief, leader, say
from tests.rivals import rivals

pytestmark = pytest.mark.django_db

NOW = lives.MORNING + DAY
Ground, Is = Exclusion.Ground, Exclusion.State


def closed(loop: Loop = Loop.STREET) -> Case:
    return lives.case_at(State.CLOSED, loop=loop)


def test_two_people_besides_the_asker_leave_a_case_out_and_a_leader_ends_it():
    found = asked(closed())
    states = [found.state]
    for verdict, by in ((AGREE, chief()), (AGREE, leader(people.DISTRICT)), (END, leader())):
        say(found, verdict, by)
        found.refresh_from_db()
        states.append(found.state)
    assert states == [Is.ASKED, Is.AGREED, Is.GRANTED, Is.ENDED]
    assert [one.verdict for one in found.decisions.all()] == [AGREE, AGREE, END]
    assert verdicts(found) == []
    assert asked(found.case, words="还有一次").state == Is.ASKED  # what has ended is asked for anew


@pytest.mark.parametrize("agreed", [0, 1])
def test_one_who_refuses_ends_it(agreed):
    found = asked(closed())
    if agreed:
        say(found, AGREE, chief())
    say(found, REFUSE, leader(people.DISTRICT))
    found.refresh_from_db()
    assert found.state == Is.DENIED
    with pytest.raises(Stale, match="不予剔除"):
        say(found, AGREE, leader())


# Who ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "place", "said"),
    [
        ("handler", None, None),
        ("unit_head", None, None),
        (Role.CLERK, people.COMMUNITY, None),
        (Role.DUTY_CHIEF, people.STREET, None),
        (Role.DUTY_CHIEF, people.DISTRICT, Forbidden),
        (Role.LEADER, people.STREET, Forbidden),
        (Role.DISPATCHER, people.STREET, Forbidden),
        (Role.AUDITOR, people.DISTRICT, Forbidden),
        (Role.CLERK, "530103001002", Case.DoesNotExist),
        (Role.CLERK, people.ELSEWHERE, Case.DoesNotExist),
    ],
)
def test_who_settles_or_commands_the_case_asks(role, place, said):
    case = closed()
    by = people.someone(Role(role), place or case.unit.code)
    if said is None:
        assert asked(case, by).asked_by == by
        return
    with pytest.raises(said):
        asked(case, by)
    assert not Exclusion.objects.exists()


@pytest.mark.parametrize("state", [State.REPORTED, State.CHECKING, State.DECLINED])
def test_a_case_that_was_never_registered_is_in_no_rate(state):
    with pytest.raises(Refused, match="立案"):
        asked(lives.case_at(state), people.clerk())


@pytest.mark.parametrize("part", ["reporters", "handlers"])
def test_who_asked_reported_or_handled_agrees_to_nothing(part):
    found = asked(closed())
    Case.objects.filter(pk=found.case_id).update(**{part: [chief().pk, leader().pk]})
    for user in (chief(), leader()):
        with pytest.raises(Forbidden, match="上报人和处置人"):
            say(found, AGREE, user)
    by_chief = asked(closed(), chief())
    with pytest.raises(Forbidden, match="申请人"):
        say(by_chief, AGREE, chief())


def test_nobody_agrees_twice_and_the_second_leads_above_the_loop_of_the_case():
    found = asked(closed())
    say(found, AGREE, leader())
    with pytest.raises(Forbidden, match="另一人"):
        say(found, AGREE, leader(), "再看一遍，确实如此")
    deputy = people.someone(Role.DEPUTY_LEADER, people.STREET)
    for somebody in (chief(), chief(people.DISTRICT), deputy):
        with pytest.raises(Forbidden, match="第二人须是上一级的领导"):
            say(found, AGREE, somebody)
    say(found, AGREE, leader(people.DISTRICT))
    assert Exclusion.objects.get().state == Is.GRANTED
    with pytest.raises(Forbidden, match="领导"):
        say(found, END, chief())


@pytest.mark.parametrize(
    ("loop", "nearest", "never"),
    [
        (Loop.COMMUNITY, people.STREET, people.COMMUNITY),
        (Loop.STREET, people.DISTRICT, people.STREET),
        (Loop.DISTRICT, people.DISTRICT, people.STREET),  # nothing is above it
    ],
)
def test_no_community_and_no_street_agrees_among_itself(loop, nearest, never):
    found = asked(closed(loop))
    say(found, AGREE, chief(people.DISTRICT))
    found.refresh_from_db()
    assert (
        Outbox.objects.latest("pk").audience[0]["organization"] == Organization.objects.get(code=nearest).pk
    )
    with pytest.raises(Forbidden, match="上一级的领导"):
        say(found, AGREE, people.newcomer("lingdao", role=Role.LEADER, place=never))
    say(found, AGREE, leader(nearest))
    found.refresh_from_db()
    assert found.state == Is.GRANTED


@pytest.mark.parametrize(
    ("role", "place", "said"),
    [
        (Role.DUTY_CHIEF, people.STREET, None),
        (Role.DUTY_CHIEF, people.DISTRICT, None),
        (Role.LEADER, people.STREET, None),
        (Role.DEPUTY_LEADER, people.STREET, None),
        (Role.LEADER, people.COMMUNITY, None),
        (Role.CLERK, people.COMMUNITY, Forbidden),  # chief of the community, and the case is the street's
        (Role.DISPATCHER, people.STREET, Forbidden),
        (Role.SECRETARY, people.STREET, Forbidden),
        (Role.AUDITOR, people.DISTRICT, Forbidden),
        (Role.CLERK, people.ELSEWHERE, Exclusion.DoesNotExist),
    ],
)
def test_chiefs_and_leaders_of_the_place_decide(role, place, said):
    found = asked(closed())
    try:
        by = people.someone(role, place)
    except IndexError:
        by = people.newcomer("zhengzhi", role=role, place=place)
    if said is None:
        assert say(found, AGREE, by).by == by
        return
    with pytest.raises(said):
        say(found, AGREE, by)


# What ---------------------------------------------------------------------------------------------------------------


def test_it_is_asked_for_once_with_a_ground_and_words_and_the_same_again_is_answered_as_before():
    case = closed()
    by = asker(case)
    for wrong in ({"ground": "weather"}, {"words": "  "}, {"words": "长" * 201}):
        with pytest.raises(Unfit):
            ask(case.pk, **({"ground": Ground.OTHER, "words": "停电"} | wrong), by=by, now=NOW)
    first = asked(case)
    assert asked(case) == first
    for words, who in (("另一件事", by), ("暴雨内涝，车辆不能到场。", people.clerk())):
        with pytest.raises(Stale, match="已有剔除申请"):
            ask(case.pk, ground=Ground.OTHER, words=words, by=who, now=NOW)


def test_a_decision_has_a_reason_and_the_same_again_is_answered_as_before():
    found = asked(closed())
    with pytest.raises(Unfit):
        say(found, AGREE, chief(), " ")
    first = say(found, AGREE, chief())
    assert say(found, AGREE, chief()) == first
    with pytest.raises(Stale):
        say(found, END, leader())


def test_those_who_are_to_agree_are_told_and_the_asker_hears_what_came_of_it():
    case = closed()
    Outbox.objects.all().delete()
    found = asked(case)
    say(found, AGREE, chief())
    say(found, AGREE, leader(people.DISTRICT))
    told = list(Outbox.objects.order_by("pk"))
    assert [one.verb for one in told] == ["申请剔除", "待领导同意", "已剔除"]
    assert told[0].audience[0]["organization"] == case.centre_id
    assert set(told[1].audience[0]["never"]) >= {found.asked_by_id, chief().pk, *case.handlers}
    assert told[2].audience[0]["user"] == found.asked_by_id
    assert not Notice.objects.filter(outbox__in=told).exists()  # delivered by the relay


# The database -------------------------------------------------------------------------------------------------------


def test_the_database_grants_nothing_without_two_people_and_changes_nothing_that_was_asked():
    found = asked(closed())
    one = {"exclusion": found, "verdict": AGREE, "reason": "属实", "at": NOW}
    ExclusionDecision.objects.create(by=chief(), **one)
    ExclusionDecision.objects.create(by=found.asked_by, **one)
    rows = Exclusion.objects.filter(pk=found.pk)
    for change in (
        lambda: rows.update(state=Is.GRANTED),
        lambda: rows.update(words="别的"),
        lambda: rows.update(asked_by=chief()),
        rows.delete,
        lambda: Exclusion.objects.create(
            case=closed(),
            ground=Ground.OTHER,
            words="一步到位",
            asked_by=chief(),
            asked_at=NOW,
            state=Is.GRANTED,
        ),
        lambda: ExclusionDecision.objects.update(by=leader()),
        lambda: ExclusionDecision.objects.all().delete(),
        lambda: ExclusionDecision.objects.create(by=chief(), **one),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    ExclusionDecision.objects.create(by=leader(), **one)
    assert rows.update(state=Is.GRANTED) == 1


# At the same moment -------------------------------------------------------------------------------------------------


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_of_people_who_ask_and_decide_at_the_same_moment_one_comes_first(promise):
    case = closed()
    district, street = chief(people.DISTRICT), chief()
    above = [
        leader(people.DISTRICT),
        people.newcomer("fuling", role=Role.DEPUTY_LEADER, place=people.DISTRICT),
    ]
    with rivals(4) as crowd:
        askers = [asker(case), people.clerk(), street]
        made = crowd.at_once([lambda by=by: asked(case, by) for by in askers])
        assert sum(isinstance(one, Exclusion) for one in made) == Exclusion.objects.count() == 1
        found = Exclusion.objects.get()

        first = (district, chief(people.DISTRICT), leader())
        firsts = crowd.at_once([lambda by=by: say(found, AGREE, by) for by in first])
        found.refresh_from_db()
        assert (found.decisions.filter(verdict=AGREE).count(), found.state) == (1, Is.AGREED)

        crowd.at_once([lambda: say(found, AGREE, above[0]), lambda: say(found, REFUSE, above[1])])
        found.refresh_from_db()
        ended = crowd.at_once([lambda by=by: say(found, END, by) for by in (leader(), *above)])
    found.refresh_from_db()
    was_granted = found.decisions.filter(verdict=AGREE).count() == 2
    assert found.state == (Is.ENDED if was_granted else Is.DENIED)
    assert sum(isinstance(one, ExclusionDecision) for one in ended) == was_granted
    answers = [*made, *firsts, *ended]
    assert all(isinstance(one, Exclusion | ExclusionDecision | Refused) for one in answers)
    promise(
        "an exclusion is asked for and decided one after the other", tried=len(answers), held=len(answers)
    )
