"""Whom a case waits for is written on its row, and equals what the legs, requests and orders say."""

import datetime as dt
import uuid
from importlib import import_module
from random import Random

import pytest
from django.db import connection
from django.db.models import Prefetch, Q
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions.notices import owner_of
from cases.models import Case, Leg, Request, Supervision
from cases.models.catalogue import Responsibility
from cases.rules import RULES
from cases.situations import Situation, Walk
from cases.waiting import ASKED, STEPS, Matter, Wait
from cases.workflow import MOVES, OPEN, STATES, TABLE, Loop, State, Step
from demo.accounts import STAGE
from desk import queues
from desk.queues import cases_in, find_queue, groups_for
from field.views.home import to_do
from governance import modules
from governance.actions import relay
from governance.models import Organization, Post, User
from governance.roles import Duty, Role
from grid.models import GridDuty
from tests import people
from tests.cases.walks import appoint, change, vacate
from tests.lives import MORNING, case_at, hands, reported, settled_by, walk
from tests.scale import tries

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
ENFORCEMENT = f"{people.STREET}-street_enforcement"


# What legs, requests and orders say, written down apart from the rule -----------------------------------------------


def drawn_for(user: User):
    if not (user.authority.has(Duty.VERIFY) or user.authority.has(Duty.INTAKE)):
        return Leg.objects.none().values("case")
    drawn = Leg.objects.open().filter(person=user, step__in=[Step.CHECKING, Step.VERIFYING])
    return drawn.values("case")


def steps_by_the_legs(user: User) -> Q:
    places, legs = user.authority.places, Leg.objects.open()
    checked = Q(state__in=[State.CHECKING, State.HANDLED])
    at_desk = legs.filter(
        desk_allowed=True, unit__in=places(Duty.INTAKE), step__in=[Step.CHECKING, Step.VERIFYING]
    )
    to_close = legs.filter(step=Step.CLOSING, centre__in=places(Duty.CHIEF))
    steps = Q(state=State.REPORTED, centre__in=places(Duty.INTAKE))
    had_part = Q(reporters__contains=[user.pk]) | Q(handlers__contains=[user.pk])
    steps |= checked & Q(pk__in=at_desk.values("case")) & ~had_part
    steps |= Q(state__in=[State.REPORTED, State.DISPUTED], centre__in=places(Duty.CHIEF))
    steps |= Q(state=State.VERIFIED, pk__in=to_close.values("case"))
    steps |= Q(state=State.REGISTERED, centre__in=places(Duty.DISPATCH))
    not_mine = Q(source__in=Case.ON_THE_SPOT) | ~Q(reporters__contains=[user.pk])
    to_handle = Q(state__in=[State.DISPATCHED, State.HANDLING], unit__in=places(Duty.HANDLE)) & not_mine
    steps |= to_handle
    steps |= checked & Q(pk__in=drawn_for(user))
    return steps | order_by_the_rows(user)


def order_by_the_rows(user: User) -> Q:
    places, orders = user.authority.places, Supervision.objects.filter(accepted_at=None)
    unanswered = orders.filter(replied_at=None)
    unit = unanswered.filter(leader=None, case__unit__in=places(Duty.HANDLE))
    at_centre = Leg.objects.open().filter(centre__in=places(Duty.CHIEF)).values("case")
    chief = unanswered.filter(leader=None, case__unit=None, case__in=at_centre)
    found = Q(pk__in=unit.values("case")) | Q(pk__in=chief.values("case"))
    named = unanswered.filter(leader=user)
    return found | Q(pk__in=named.values("case")) | Q(pk__in=to_strike_off(user))


def to_strike_off(user: User) -> list[int]:
    """Cases with an answered order that this person strikes off: its giver while they lead here, else a leader of here."""
    cases = []
    for order in Supervision.objects.filter(accepted_at=None, replied_at__isnull=False).select_related(
        "case"
    ):
        case = order.case
        places = [case.district_id, case.street_id, case.community_id]
        places = places[: {"district": 1, "street": 2, "community": 3}[case.loop]]
        ranks = [
            r
            for r, p in enumerate(places)
            if order.ordered_by and order.ordered_by.authority.holds(Duty.LEAD, p)
        ]
        if ranks and order.ordered_by_id != order.replied_by_id:
            cases += [case.pk] if order.ordered_by == user else []
        elif user.pk != order.replied_by_id:
            above = places[: (ranks or [len(places)])[0] + 1]
            cases += [case.pk] if any(p and user.authority.holds(Duty.LEAD, p) for p in above) else []
    return cases


def commanded(user: User) -> Q:
    leading = user.authority.places(Duty.LEAD)
    return (
        Q(district__in=leading)
        | Q(street__in=leading, loop__in=[Loop.STREET, Loop.COMMUNITY])
        | Q(community__in=leading, loop=Loop.COMMUNITY)
    )


def asked_by_the_requests(user: User) -> Q:
    places, waits = user.authority.places, Request.objects.filter(decided_at=None).exclude(asked_by=user)
    unendorsed = Q(kind=Request.Kind.SUSPENSION, endorsed_by=None)
    legs = Leg.objects.open()

    def here(duty: Duty) -> Q:
        return Q(pk__in=legs.filter(centre__in=places(duty)).values("case"))

    for_dispatcher = waits.filter(decider=Duty.DISPATCH)
    for_chief = waits.filter(Q(decider=Duty.CHIEF) | unendorsed)
    for_leader = waits.filter(decider=Duty.LEAD).exclude(unendorsed).exclude(endorsed_by=user)
    return (
        here(Duty.DISPATCH) & Q(pk__in=for_dispatcher.values("case"))
        | here(Duty.CHIEF) & Q(pk__in=for_chief.values("case"))
        | commanded(user) & Q(pk__in=for_leader.values("case"))
    )


def on_the_phone(user: User) -> Q:
    not_mine = Q(source__in=Case.ON_THE_SPOT) | ~Q(reporters__contains=[user.pk])
    handling = Q(state__in=[State.DISPATCHED, State.HANDLING], unit__in=user.authority.places(Duty.HANDLE))
    return Q(is_open=True) & (Q(pk__in=drawn_for(user)) | handling & not_mine)


#: What whoever is waited for does next: by state, and by kind of request.
NEXT_MOVES = {
    State.REPORTED: ("register", "send_to_check"),
    State.CHECKING: ("found",),
    State.REGISTERED: ("dispatch",),
    State.DISPATCHED: ("accept",),
    State.HANDLING: ("feedback",),
    State.DISPUTED: ("adjudicate",),
    State.HANDLED: ("pass",),
    State.VERIFIED: ("close",),
}
DECISIONS = ("grant_extension", "endorse_suspension", "grant_suspension", "grant_void")
ANSWERS = ("reply_supervision", "accept_supervision")


def by_the_rules(case: Case, leg: Leg, user: User, now: dt.datetime) -> tuple[bool, bool, bool]:
    """Whether somebody can make the next step, decide a request, answer or strike off an order; a leader makes no step."""
    situation = Situation(case, user, now, leg=leg)

    def can(*names: str) -> bool:
        offered = [MOVES[name] for name in names if State(case.state) in MOVES[name].sources]
        return any(RULES.why_not(move, situation) is None for move in offered)

    steps = NEXT_MOVES.get(State(case.state), ())
    steps = [name for name in steps if situation.held & set(MOVES[name].duties) - {Duty.LEAD}]
    return can(*steps), can(*DECISIONS), can(*ANSWERS)


def acceptor() -> User:
    """Holds the desk of the street, and handles in a unit of it too."""
    user = User.objects.get(username="shouli")
    if not user.posts.filter(role=Role.HANDLER).exists():
        appoint(user, Role.HANDLER, ENFORCEMENT)
    return user


def with_an_own_part() -> list[Case]:
    """Cases whose result the desk of the street may check, reported by its acceptor or handled by the same."""
    for loop in (Loop.COMMUNITY, Loop.STREET):
        for row in Responsibility.objects.current().filter(category=settled_by(loop), power="settle"):
            change(row, remote_verification=True)
    me, unit = acceptor(), Organization.objects.get(code=ENFORCEMENT)
    by_telephone = reported(by=me, source=Case.Source.PHONE, contact_phone="13800001234", loop=Loop.STREET)
    handled = walk(case_at(State.REGISTERED, loop=Loop.STREET), "dispatch", unit=unit)
    walk(handled, "accept", by=me)
    return [
        walk(by_telephone, "register", "dispatch", "accept", "feedback"),
        walk(handled, "feedback", by=me, now=MORNING + HOUR),
    ]


def never(people: list[int]) -> dict:
    return {"never": sorted(set(people))} if people else {}


def owner_by_the_state(case: Case, leg: Leg | None) -> dict | None:
    row = STATES[State(case.state)]
    if row.owner is None or leg is None or row.owner == Duty.REPORT:
        return None
    if leg.person_id:
        return {"user": leg.person_id}
    if row.owner == Duty.HANDLE:
        address = {"organization": leg.unit_id, "duty": Duty.HANDLE}
        return address if case.source in Case.ON_THE_SPOT else address | never(case.reporters)
    if row.owner == Duty.VERIFY:
        address = {"organization": leg.unit_id or leg.centre_id, "duty": Duty.INTAKE}
        return address | never([*case.reporters, *case.handlers])
    return {"organization": leg.centre_id, "duty": row.owner}


def everybody() -> list[User]:
    usernames = list(STAGE)
    found = list(User.objects.filter(username__in=usernames))
    more = Post.objects.filter(role__in=[Role.DEPUTY_LEADER, Role.LEADER, Role.DUTY_CHIEF], ends_on=None)
    return found + list(User.objects.filter(pk__in=more.values("user")).exclude(username__in=usernames)[:10])


# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.trust
def test_whom_a_case_waits_for_equals_what_its_legs_requests_and_orders_say_over_random_lives(promise):
    """Compared after every few moves of random lives, for everybody: desk, requests, phone, notice and the rules."""
    random, helpers, now = Random(7), hands(), MORNING
    own = [case.uuid for case in with_an_own_part()]
    everyone, compared, wrong, seen_of, own_part = everybody(), 0, [], [0, 0, 0], 0
    cases = own + [case_at(state, loop=loop).uuid for state in OPEN for loop in (Loop.COMMUNITY, Loop.STREET)]
    for moment in range(tries(40, full=200, trust=2_000)):
        now += dt.timedelta(minutes=random.choice([1, 30, 240]))
        actions.sweep(now=now)
        for _ in range(5):
            case, leg = helpers.look(random.choice(cases))
            move = random.choice(TABLE.moves_from(State(case.state)) or [None])
            if move is None or move.name in ("merge", "grant_void") or move.duties == (Duty.SYSTEM,):
                continue
            able = helpers.candidates(case, leg, move, now)
            if able:
                by = random.choice(able)
                given = helpers.answers(move, case, leg, by, now, {"target": case})
                try:
                    actions.perform(case.uuid, move.name, by=by, now=now, key=uuid.uuid4(), given=given)
                except actions.Refused:
                    continue
        for user in everyone:
            seen = Case.objects.visible_to(user).open()
            pairs = [
                (seen.filter(queues.steps_for(user)), seen.filter(steps_by_the_legs(user))),
                (seen.filter(queues.requests_for(user)), seen.filter(asked_by_the_requests(user))),
                (to_do(user), seen.filter(on_the_phone(user))),
            ]
            for number, (ours, rows) in enumerate(pairs):
                compared += 1
                found = set(ours.values_list("pk", flat=True))
                if found != set(rows.values_list("pk", flat=True)):
                    wrong.append((number, user, found))
                seen_of[number] += len(found)
            if moment % 5:
                continue
            steps, asked, ordered = (
                set(Case.objects.waiting_for(user, *matters).values_list("pk", flat=True))
                for matters in ((Matter.STEP, Matter.HANDLING), ASKED, (Matter.ORDER,))
            )
            for case in seen.prefetch_related(Prefetch("legs", Leg.objects.open(), "open_legs")):
                step, decision, answer = by_the_rules(case, case.open_legs[0], user, now)
                compared += 1
                waits = (case.pk in steps, case.pk in asked)
                if (step, decision) != waits or (case.pk in ordered and not answer):
                    wrong.append((case, case.state, user, case.waits_for, step, decision, answer))
                own_part += f"-t{user.pk}" in case.waits_for
        for case in Case.objects.all():
            leg = case.legs.filter(stopped_at=None).first()
            told = owner_of(Walk(case, None, now, MOVES["comment"], {}, leg=leg))
            compared += 1
            if told != owner_by_the_state(case, leg):
                wrong.append((case, told))
    assert wrong == []
    assert min(*seen_of, own_part) > 0, (
        "steps, requests, phone and own parts were all compared with something in them"
    )
    promise(
        "whom a case waits for is what its rows and the rules say", tried=compared, held=compared - len(wrong)
    )


def test_rows_from_before_are_given_the_marks_of_who_may_not_as_moves_write_them():
    fill = import_module("cases.migrations.0023_who_may_not_see_to_what")
    cases = [*with_an_own_part(), case_at(State.HANDLING), case_at(State.REPORTED)]
    written = {case.pk: Case.objects.get(pk=case.pk).waits_for for case in cases}
    assert [any(mark.startswith("-") for mark in marks) for marks in written.values()] == [True] * 3 + [False]
    for pk, marks in written.items():
        before = [mark for mark in marks if not mark.startswith(("-t", "-h"))]
        Case.objects.filter(pk=pk).update(waits_for=before)
    with connection.cursor() as cursor:
        cursor.execute(fill.CHECKS)
        cursor.execute(fill.HANDLING)
    assert {case.pk: case.waits_for for case in Case.objects.filter(pk__in=written)} == written


@pytest.mark.parametrize("state", OPEN)
def test_whoever_a_case_waits_for_can_do_something_about_it(state):
    case = case_at(state, loop=Loop.STREET)
    leg = case.legs.get(stopped_at=None)
    if state == State.SUSPENDED:
        assert case.waits_for == []
        return
    waited = 0
    for user in everybody():
        if not Case.objects.visible_to(user).waiting_for(user, *STEPS, *ASKED).filter(pk=case.pk).exists():
            continue
        waited += 1
        situation = Situation(case, user, MORNING + 2 * HOUR, leg=leg)
        able = {m.name for m in TABLE.moves_from(state) if RULES.why_not(m, situation) is None}
        assert able - {"comment", "urge", "ask_void", "order_supervision"}, user
    assert waited


@pytest.mark.parametrize(("number", "why"), [(0, "您上报的"), (1, "您处置过的")])
def test_an_acceptor_with_a_part_in_a_case_is_nowhere_asked_to_check_it_and_hears_why_not(number, why):
    case, me = with_an_own_part()[number], acceptor()
    other = people.newcomer("test_acceptor", role=Role.ACCEPTOR, place=people.STREET)
    leg = case.legs.get(stopped_at=None)
    for user, may in ((me, False), (other, True)):
        assert cases_in(find_queue(groups_for(user), "mine-checks"), user).filter(pk=case.pk).exists() == may
        assert (
            bool([row for _, row in modules.to_do(user, MORNING, 10) if str(case.uuid) in row.address]) == may
        )
        assert to_do(user).filter(pk=case.pk).exists() is False
        refusal = RULES.why_not(MOVES["pass"], Situation(case, user, MORNING + HOUR, leg=leg))
        assert (refusal is None) == may
    assert isinstance(
        refused := RULES.why_not(MOVES["pass"], Situation(case, me, MORNING, leg=leg)), actions.Forbidden
    )
    assert why in refused.sentence and "须由他人核查" in refused.sentence
    client = Client()
    client.force_login(me)
    assert refused.sentence in client.get(f"/cases/{case.uuid}/").content.decode()


def test_a_notice_asks_nobody_to_do_what_the_rule_refuses_to_them():
    """The desk's check, the handling of an own report, the own request for more time."""
    vacate(Role.CLERK, people.COMMUNITY)
    vacate(Role.SUPERVISOR, people.STREET)
    GridDuty.objects.all().delete()
    me, unit = acceptor(), Organization.objects.get(code=ENFORCEMENT)
    other = people.newcomer("test_acceptor", role=Role.ACCEPTOR, place=people.STREET)
    case = reported(by=me, source=Case.Source.PHONE, contact_phone="13800001234", loop=Loop.STREET)
    walk(case, "register")
    case = walk(case, "dispatch", unit=unit)
    relay(now=MORNING + HOUR)
    asked = lambda user: set(user.notices.exclude(asks="").values_list("asks", flat=True))  # noqa: E731
    assert "派给您" in asked(User.objects.get(username="zhifa")) and "派给您" not in asked(me)
    case = walk(case, "accept", "feedback")
    assert case.legs.get(stopped_at=None).person is None
    relay(now=MORNING + 2 * HOUR)
    assert "请您核查" in asked(other) and "请您核查" not in asked(me)


def test_a_desk_whose_only_acceptor_reported_the_case_does_not_check_it_while_the_desk_above_can():
    vacate(Role.CLERK, people.COMMUNITY)
    vacate(Role.SUPERVISOR, people.STREET)
    GridDuty.objects.all().delete()
    me = User.objects.get(username="shouli")
    Post.objects.filter(role=Role.ACCEPTOR, organization__code=people.STREET).exclude(user=me).delete()
    case = reported(by=me, source=Case.Source.PHONE, contact_phone="13800001234", loop=Loop.STREET)
    case = walk(case, "send_to_check")
    leg = case.legs.get(stopped_at=None)
    assert (leg.person, leg.desk_allowed, leg.unit) == (None, True, case.district)
    assert case.waits_for == [f"-t{me.pk}", f"tA{case.district_id}"]


def test_programs_read_whom_a_case_waits_for_and_list_what_waits_for_them():
    case, other = case_at(State.REGISTERED), case_at(State.HANDLING)
    client = Client()
    client.force_login(people.clerk())
    waits = client.get(f"/api/v1/cases/{case.uuid}/").json()["waits_for"]
    assert waits == [{"matter": "t", "duty": "D", "organization": case.centre_id, "person": None}]
    listed = client.get("/api/v1/cases/?waits_for=me").json()["results"]
    assert [row["uuid"] for row in listed] == [str(case.uuid)] != [str(other.uuid)]


def test_a_mark_is_read_as_it_was_written():
    for wait in (Wait(Matter.STEP, Duty.CHIEF, 12), Wait(Matter.ORDER, Duty.LEAD, person=45)):
        assert Wait.read(wait.mark) == wait


def test_a_suspension_waits_for_the_chief_then_for_leaders_and_never_for_who_asked_or_agreed():
    case = walk(case_at(State.HANDLING, loop=Loop.STREET), "ask_suspension", now=MORNING + HOUR)
    assert [m for m in case.waits_for if m.startswith("sC")] and not [
        m for m in case.waits_for if m.startswith("sL")
    ]
    case = walk(case, "endorse_suspension", now=MORNING + HOUR)
    request = case.requests.get()
    assert {f"-s{request.asked_by_id}", f"-s{request.endorsed_by_id}"} <= set(case.waits_for)
    assert {f"sL{case.street_id}", f"sL{case.district_id}"} <= set(case.waits_for)
    case = walk(case, "grant_suspension", now=MORNING + HOUR)
    assert case.waits_for == []


# Orders ---------------------------------------------------------------------------------------------------------------


def order(case: Case, now: dt.datetime = MORNING + HOUR) -> Case:
    return walk(case, "order_supervision", now=now, reason="尽快办结", deadline=now + dt.timedelta(days=2))


def test_an_order_waits_for_the_unit_then_for_who_gave_it():
    case = order(case_at(State.HANDLING, loop=Loop.STREET))
    given = case.supervisions.get()
    handler = User.objects.get(username="zhifa")
    leader = given.ordered_by
    mine = lambda user: Case.objects.waiting_for(user, Matter.ORDER).filter(pk=case.pk).exists()  # noqa: E731
    assert mine(handler) and not mine(leader)
    walk(case, "reply_supervision", now=MORNING + 2 * HOUR, by=handler, words="今天办结")
    assert mine(leader) and not mine(handler)
    walk(case, "accept_supervision", now=MORNING + 3 * HOUR, by=leader)
    assert not mine(leader) and not mine(handler)


@pytest.mark.parametrize("end", ["close", "decline", "withdraw", "merge", "grant_void"])
def test_an_order_ends_with_its_case_and_says_so(end):
    state = {"close": State.VERIFIED, "grant_void": State.HANDLING}.get(end, State.REPORTED)
    case = order(case_at(state))
    extra = {"target": reported()} if end == "merge" else {}
    if end == "grant_void":
        case = walk(case, "ask_void", now=MORNING + 2 * HOUR)
    case = walk(case, end, now=MORNING + 3 * HOUR, **extra)
    given = case.supervisions.get()
    assert given.accepted_at == case.events.last().at and "随案件销号" in given.note
    assert case.waits_for == []


def test_the_systems_order_that_is_repeated_is_one_order_with_a_count_and_a_new_date():
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    now = case.due_at
    for _ in range(4):
        now += dt.timedelta(days=4)
        actions.sweep(now=now)
    given = case.supervisions.get()
    assert given.times >= 3 and given.deadline > now
    assert given.deadline == case.legs.get(stopped_at=None).sweep_at
    client = Client()
    client.force_login(people.someone(Role.LEADER, people.DISTRICT))
    lines = client.get(f"/cases/{case.uuid}/").context["lines"]
    ordered = [line for line in lines if line["what"] == "督办"]
    assert len(ordered) == 1
    assert any(f"第 {given.times} 次" in fact for fact in ordered[0]["facts"])


def test_a_request_that_nobody_decided_lapses_with_the_end_of_the_case():
    case = walk(case_at(State.VERIFIED), "ask_void", now=MORNING + HOUR)
    case = walk(case, "close", now=MORNING + 2 * HOUR)
    assert case.requests.get().is_granted is False


# Gaps -----------------------------------------------------------------------------------------------------------------


def test_a_case_that_waits_for_somebody_who_has_left_shows_under_the_gaps():
    case = case_at(State.HANDLED)
    drawn = case.legs.get(stopped_at=None).person
    client = Client()
    client.force_login(people.clerk())
    assert case.number not in client.get("/desk/gaps/").content.decode()
    Post.objects.filter(user=drawn).update(ends_on=timezone.localdate())
    text = client.get("/desk/gaps/").content.decode()
    assert case.number in text and drawn.name in text


def test_a_case_that_waits_where_nobody_is_on_duty_shows_under_the_gaps_with_the_place():
    case = case_at(State.DISPATCHED)
    unit = Organization.objects.get(pk=case.unit_id)
    Post.objects.filter(organization=unit).update(ends_on=timezone.localdate())
    client = Client()
    client.force_login(people.clerk())
    text = client.get("/desk/gaps/").content.decode()
    assert case.number in text and unit.name in text


def test_where_one_of_several_is_there_nothing_is_missing():
    case = case_at(State.REPORTED, loop=Loop.STREET)
    acceptors = Post.objects.filter(organization=case.street, role=Role.ACCEPTOR)
    acceptors.update(ends_on=timezone.localdate())
    client = Client()
    client.force_login(people.someone(Role.LEADER, people.STREET))
    assert case.number not in client.get("/desk/gaps/").content.decode(), "the chief is there"


def test_a_request_whose_only_decider_asked_it_shows_under_the_gaps():
    case = walk(case_at(State.REGISTERED), "ask_suspension", by=people.clerk(), now=MORNING + HOUR)
    others = Post.objects.filter(organization=case.community, role=Role.CLERK).exclude(user=people.clerk())
    others.update(ends_on=timezone.localdate())
    client = Client()
    client.force_login(people.clerk())
    assert case.number in client.get("/desk/gaps/").content.decode()


def test_a_request_that_cannot_be_decided_any_more_lapses():
    case = walk(case_at(State.REGISTERED), "ask_suspension", now=MORNING + HOUR)
    case = walk(case, "return", now=MORNING + 2 * HOUR)
    assert case.requests.get().is_granted is False
    assert not [mark for mark in case.waits_for if mark.startswith("s")]


def test_an_order_of_somebody_who_leads_here_no_longer_is_struck_off_by_a_leader_of_here():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    leader = people.someone(Role.LEADER, people.STREET)
    case = walk(
        case, "order_supervision", by=leader, now=MORNING + HOUR, reason="尽快", deadline=MORNING + 30 * HOUR
    )
    case = walk(case, "reply_supervision", now=MORNING + 2 * HOUR, words="在办")
    case = walk(case, "escalate", now=MORNING + 3 * HOUR)
    assert case.loop == Loop.DISTRICT
    assert not Case.objects.waiting_for(leader, Matter.ORDER).filter(pk=case.pk).exists()
    above = people.someone(Role.LEADER, people.DISTRICT)
    assert Case.objects.waiting_for(above, Matter.ORDER).filter(pk=case.pk).exists()
    walk(case, "accept_supervision", by=above, now=MORNING + 4 * HOUR)


def test_who_has_to_answer_a_leaders_order_is_asked_to():
    case = order(case_at(State.HANDLING, loop=Loop.STREET))
    relay(now=MORNING + 2 * HOUR)
    handler = User.objects.get(username="zhifa")
    assert handler.notices.filter(outbox__url=f"/cases/{case.uuid}/", asks="请您答复督办").exists()
