"""State × move × person, over HTTP: what the table refuses leaves row, events and legs as they were.

A move that the state knows is tried by everybody. One that it does not know is refused before anybody's duty is
looked at: it is tried by somebody who holds its duty and by one other in turn; CI and `make trust` let everybody try.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from cases.models import Case, Leg
from cases.workflow import MOVES, Loop, Move, Refusal, State
from demo.accounts import STAGE
from governance.models import User
from governance.roles import Duty, Role
from tests import people
from tests.lives import PATHS, eligible_units, reported, row_for, walk
from tests.photos import photo
from tests.scale import tries

A, C, D, H, V, L, R = (Duty(letter) for letter in "ACDHVLR")
REFUSED = {400, 403, 404, 409, 422}
EVERYBODY = tries(0, full=1)
WAITED_FOR = {"extension": "延期", "suspension": "挂账", "void": "作废"}

#: What each account of the stage may be asked to do on a case that the community commands; H and V depend on the case.
HOLDS: dict[str, set[Duty]] = {
    **{name: set() for name in STAGE},
    "shequ": {A, C, D},
    "jielingdao": {L},
    "quling": {L},
    "deputy": {L},
    "courtyard": set(),
    "building": set(),
    "sibling": set(),
    "stranger": set(),
    "strange_handler": set(),
    "strange_leader": set(),
}
#: Moves of the table that a case which was only walked to a state still lacks something for, and what the door says.
LACKS = {
    "accept_supervision": "没有未销号的督办",
    "reply_supervision": "没有未销号的督办",
    **{
        f"{verb}_{kind}": f"没有待批的{word}申请"
        for verb in ("grant", "deny", "endorse")
        for kind, word in WAITED_FOR.items()
    },
    "delegate": "已在最基层",
    "correct_position": "位置不用补",
    "also_report": "补充情况请留言",
}
#: Who would be the first to make a move, by its first duty.
FIRST = {A: "shequ", C: "shequ", D: "shequ", H: "wuye", V: "jiandu", L: "jielingdao", R: "wangge"}
STRANGERS = ("sibling", "stranger", "strange_handler", "strange_leader")


def everybody() -> dict[str, User]:
    """The stage, the roles without a printed account, and people of elsewhere with the same duties."""
    users = {name: User.objects.get(username=name) for name in STAGE}
    street = people.ELSEWHERE[:9]
    return users | {
        "deputy": User.objects.filter(
            posts__role=Role.DEPUTY_LEADER, posts__organization__code=people.STREET
        )[0],
        "courtyard": User.objects.filter(posts__role=Role.COURTYARD_LEADER).order_by("pk")[0],
        "building": User.objects.filter(posts__role=Role.BUILDING_LEADER).order_by("pk")[0],
        "sibling": people.someone(Role.CLERK, "530103001002"),
        "stranger": people.stranger(),
        "strange_handler": people.someone(Role.HANDLER, f"{street}-street_enforcement"),
        "strange_leader": people.someone(Role.LEADER, street),
    }


def held(name: str, user: User, case: Case, leg: Leg | None) -> set[Duty]:
    """Duties by hand, not by the code under test."""
    duties = {Duty.ANYONE, *HOLDS[name]}
    if user.pk in case.reporters:
        duties.add(R)
    if (name, case.unit and case.unit.function) == ("wuye", "property"):
        duties.add(H)
    if name == "shegong" and case.unit_id == case.community_id and case.unit_id:
        duties.add(H)
    if leg and leg.step in ("checking", "verifying"):
        drawn = leg.person_id == user.pk
        desk = leg.desk_allowed and name == "shouli"
        if drawn or desk:
            duties.add(V)
    if case.state == State.CLOSED:
        duties.discard(A)  # nobody called who could be called back
    return duties


def plausible(case: Case, leg: Leg | None, other: Case) -> dict[str, object]:
    """Everything that any form may ask for, and all of it sound."""
    units = eligible_units(case)
    return {
        "leg": leg.pk if leg else "",
        "words": "现场已看过,情况属实。",
        "reason": "按规定办理。",
        "position_longitude": round(case.longitude, 6),
        "position_latitude": round(case.latitude, 6),
        "responsibility": row_for(case).pk,
        "target": other.number,
        "unit": units[0].pk,
        "right_unit": units[-1].pk,
        "refusal": Refusal.NOT_OURS.value,
        "amount": "1",
        "until": (timezone.localdate() + dt.timedelta(days=20)).isoformat(),
        "deadline": (timezone.localtime() + dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "grade": "5",
        "condition_met": "on",
    }


def sign_in(found: dict[str, User]) -> dict[str, Client]:
    """A signed-in browser each, which takes the piece alone: the frame of the page is not what is tried here."""
    clients = {name: Client(headers={"HX-Request": "true"}) for name in found}
    for name, client in clients.items():
        client.force_login(found[name])
    return clients


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refusals are expected; nobody needs a log line for each."""
    log = logging.getLogger("django.request")
    before, log.disabled = log.disabled, True
    yield
    log.disabled = before


def snapshot(case: Case) -> tuple:
    """All columns of the case, and how much there is of everything a move may write."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(c)::text, (SELECT count(*) FROM cases_caseevent), (SELECT count(*) FROM cases_request),"
            " (SELECT md5(string_agg(l::text, '|' ORDER BY id)) FROM cases_assignment l WHERE case_id = c.id),"
            " (SELECT count(*) FROM cases_casetext), (SELECT count(*) FROM cases_supervision),"
            " (SELECT count(*) FROM governance_outbox), (SELECT count(*) FROM cases_photo WHERE case_id IS NOT NULL)"
            " FROM cases_case c WHERE c.id = %s",
            [case.pk],
        )
        return cursor.fetchone()


def those_who_try(state: State, move: Move, names: list[str], number: int) -> list[str]:
    """Everybody where the state knows the move, else somebody with the duty and one other in turn."""
    if state in move.sources or EVERYBODY:
        return names
    return list({FIRST.get(move.duties[0], "shequ"), names[number % len(names)]})


@pytest.mark.trust
@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_what_the_table_refuses_leaves_row_events_and_legs_unchanged(state, promise):
    # In this minute: the server's clock decides what is late, and nothing may be.
    now = timezone.now()
    other = reported(now=now)
    extra = {"target": other} if state == State.MERGED else {}
    case = walk(reported(now=now), *PATHS[state], now=now, **extra)
    case = Case.objects.select_related("unit", "category").get(pk=case.pk)
    leg = case.legs.filter(stopped_at=None).first()
    assert (case.state, case.loop) == (state, Loop.COMMUNITY)
    data, before = plausible(case, leg, other), snapshot(case)
    found = everybody()
    clients, pictures = sign_in(found), {name: str(photo(by=user, now=now)) for name, user in found.items()}
    sees = {name for name, user in found.items() if Case.objects.visible_to(user).filter(pk=case.pk).exists()}
    assert not sees & set(STRANGERS)
    tried = made = 0
    for number, move in enumerate(MOVES.values(), list(State).index(state)):
        url = f"/cases/{case.uuid}/moves/{move.name}/"
        for name in those_who_try(state, move, list(found), number):
            duties = held(name, found[name], case, leg)
            is_in_table = state in move.sources and bool(duties & set(move.duties)) and name in sees
            cell = f"{name} ({'/'.join(duties)}) {move.name} from {state}"
            with transaction.atomic():
                answer = clients[name].post(url, {**data, "photos": pictures[name], "key": uuid.uuid4()})
                if answer.status_code == 302 or "HX-Redirect" in answer.headers:
                    assert is_in_table, f"{cell} was made"
                    made += 1
                elif is_in_table:
                    assert LACKS.get(move.name, "nothing") in answer.content.decode(), f"{cell} was refused"
                    assert snapshot(case) == before, f"{cell} left a trace"
                else:
                    assert answer.status_code in REFUSED, f"{cell}: {answer.status_code}"
                    assert snapshot(case) == before, f"{cell} left a trace"
                    if name not in sees:
                        assert answer.status_code == 404, f"{cell}: {answer.status_code}"
                    tried += 1
                transaction.set_rollback(True)
    assert (made > 0) == bool(case.is_open or state == State.CLOSED)
    promise("what the table refuses leaves no trace", tried=tried, held=tried)


@pytest.mark.django_db
def test_a_stranger_finds_neither_page_nor_moves():
    case = reported()
    found = everybody()
    for name in STRANGERS:
        client = Client()
        client.force_login(found[name])
        paths = ["", "contact/", *(f"moves/{move}/" for move in MOVES)]
        answers = {
            path: (
                client.get(f"/cases/{case.uuid}/{path}").status_code,
                client.post(f"/cases/{case.uuid}/{path}", {"reason": "想看"}).status_code,
            )
            for path in paths
        }
        assert answers == {path: (405 if path == "contact/" else 404, 404) for path in paths}, name


@pytest.mark.django_db
def test_a_refusal_says_why_on_a_whole_page():
    case = reported()
    client = Client()
    client.force_login(people.clerk())
    answer = client.post(f"/cases/{case.uuid}/moves/close/", {"key": uuid.uuid4(), "condition_met": "on"})
    assert answer.status_code == 409
    assert "不能结案" in answer.content.decode()


@pytest.mark.django_db
def test_a_case_that_moved_on_meanwhile_is_refused_as_stale():
    case = reported()
    seen = case.legs.get(stopped_at=None).pk
    walk(case, "register", "return")
    client = Client()
    client.force_login(people.clerk())
    row = row_for(case).pk
    answer = client.post(
        f"/cases/{case.uuid}/moves/register/", {"key": uuid.uuid4(), "responsibility": row, "leg": seen}
    )
    assert answer.status_code == 409
    assert "案件又办过一步" in answer.content.decode()
