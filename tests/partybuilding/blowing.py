"""Whistles for tests, blown and moved by the real moves: no test works on one that cannot exist."""

import datetime as dt
import uuid
from typing import Any

from django.db import connection

from cases.models import Case
from cases.workflow import State as CaseState
from governance.models import By, Organization, User
from partybuilding.actions import DOOR
from partybuilding.actions.ending import lapse
from partybuilding.models import Call, CallClock, Whistle
from partybuilding.workflow import CallState, State
from records.chain import own_key
from records.door import Answer
from tests import people
from tests.lives import MORNING, case_at, inside, walk

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
MANAGEMENT, POLICE = f"{people.DISTRICT}-urban_management", f"{people.STREET}-police"
MARKET = f"{people.DISTRICT}-market"
MARKS = {"speed": 5, "attitude": 4, "result": 4}
NEED = {"needed": 5, "clear": 4, "prepared": 3}


def unit(code: str) -> Organization:
    return Organization.objects.get(code=code)


def user(name: str) -> User:
    """Fresh from the database, as a request has it."""
    return User.objects.get(username=name)


def stuck_case(now: dt.datetime = MORNING) -> Case:
    """A case of the street that somebody handles."""
    return case_at(CaseState.HANDLING, loop="street", now=now - HOUR)


def answers(**given: Any) -> dict[str, Any]:
    """What a whistle says, where the test does not care."""
    return {
        "kind": "enforcement",
        "source": "judgement",
        "words": "夜市占道反复，需要城管和公安一起到场。",
        "demands": ["on_site", "enforce"],
        "lead": unit(MANAGEMENT),
        "helpers": [unit(POLICE)],
    } | given


def blow(
    case: Case, by: str = "jieshuji", *, move: str = "blow", now: dt.datetime = MORNING, **given
) -> Answer:
    return DOOR.perform(
        Whistle(case=case), move, by=user(by), now=now, key=uuid.uuid4(), given=answers(**given)
    )


def blown(case: Case | None = None, by: str = "jieshuji", *, now: dt.datetime = MORNING, **given) -> Whistle:
    """A whistle that calls the district's urban management, and the street's police as helper."""
    return Whistle.objects.get(uuid=blow(case or stuck_case(now), by, now=now, **given).uuid)


def asked(case: Case | None = None, *, now: dt.datetime = MORNING) -> Whistle:
    """A whistle that the community's secretary asks the street to blow."""
    given = {"lead": None, "helpers": None}
    answer = blow(case or stuck_case(now), "sheshuji", move="ask", now=now, **given)
    return Whistle.objects.get(uuid=answer.uuid)


def call_of(whistle: Whistle, code: str) -> Call:
    """The last call of a unit (organization code)."""
    return whistle.calls.filter(unit__code=code).latest("pk")


def do(
    whistle: Whistle,
    move: str,
    by: By | str,
    *,
    of: str | None = None,
    now: dt.datetime = MORNING + MINUTE,
    **given: Any,
) -> Whistle:
    """Make a move, of a unit's call where its code is given; the whistle as it is after that."""
    part = call_of(whistle, of).pk if of else None
    person = user(by) if isinstance(by, str) else by
    DOOR.perform(whistle.uuid, move, by=person, now=now, key=uuid.uuid4(), given=given, part=part)
    return Whistle.objects.get(pk=whistle.pk)


def arrived(whistle: Whistle, of: str = MANAGEMENT, by: By | str = "cg_lianluo", **more: Any) -> Whistle:
    return do(whistle, "arrive", by, of=of, position=inside(), **more)


def settled(whistle: Whistle | None = None, **more: Any) -> Whistle:
    """Urban management came and finished, the police were no longer needed."""
    whistle = arrived(whistle or blown(), **more)
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, words="已清理并处罚三户", **more)
    do(whistle, "release", "jieshuji", of=POLICE, **more)
    return do(whistle, "settle", "jieshuji", words="夜市已入市场", **more)


def closed(whistle: Whistle | None = None, *, now: dt.datetime = MORNING) -> Whistle:
    """Closed with its case."""
    whistle = whistle or blown()
    walk(whistle.case, "feedback", "pass", "close", now=now)
    return Whistle.objects.get(pk=whistle.pk)


def whistle_at(state: State) -> Whistle:
    """A whistle in a state, brought there by real moves."""
    match state:
        case State.ASKED:
            found = asked()
        case State.DECLINED:
            found = do(asked(), "decline", "jieshuji", reason="社区可以自行处置")
        case State.BLOWN:
            found = blown()
        case State.ON_SITE:
            found = arrived(blown())
        case State.SETTLED:
            found = settled()
        case State.CLOSED:
            found = closed()
        case State.SCORED:
            found = closed()
            lapse(now=found.lapses_at)
        case State.WITHDRAWN:
            found = do(blown(), "withdraw", "jieshuji", reason="商户已自行撤离")
        case State.ENDED:
            found = blown()
            walk(found.case, "ask_void", "grant_void", now=MORNING)
    found = Whistle.objects.get(pk=found.pk)
    assert found.state == state, found.state
    return found


#: What urban management does to come to a state of its call.
_STEPS: dict[CallState, tuple[tuple[str, dict], ...]] = {
    CallState.CALLED: (),
    CallState.SIGNED: (("sign", {}),),
    CallState.CONTACTED: (("contact", {"words": "明早八点到"}),),
    CallState.ARRIVED: (("arrive", {}),),
    CallState.FINISHED: (("arrive", {}), ("finish", {"words": "已清理"})),
    CallState.REFUSED: (("refuse", {}),),
    CallState.RELEASED: (("release", {}),),
}


def refuse(whistle: Whistle, of: str = MANAGEMENT, by: By | str = "cg_lianluo", right: str = MARKET, **more):
    given = {"refusal": "not_ours", "reason": "属市场监管职责", "right_unit": unit(right)}
    return do(whistle, "refuse", by, of=of, **given, **more)


def whistle_with_call_at(state: CallState) -> Whistle:
    """A blown whistle on which the call of urban management is in a state."""
    whistle = blown()
    for move, given in _STEPS[state]:
        if move == "refuse":
            refuse(whistle)
        elif move == "release":
            do(whistle, "release", "jieshuji", of=MANAGEMENT)
        else:
            there = {"position": inside()} if move == "arrive" else {}
            do(whistle, move, "cg_lianluo", of=MANAGEMENT, **given, **there)
    assert call_of(whistle, MANAGEMENT).state == state
    return Whistle.objects.get(pk=whistle.pk)


def take_key(text: str, *, of: Whistle) -> None:
    """Write another event of a whistle under a key of the system's: a move that comes with this key fails."""
    event = of.events.latest("pk")
    event.pk, event.key, event.sequence = None, own_key(text), event.sequence + 9
    event.save(force_insert=True)


def clock_of(whistle: Whistle, code: str, step: str) -> CallClock:
    return CallClock.objects.get(call=call_of(whistle, code), step=step)


_EVERYTHING = """
    SELECT (SELECT to_jsonb(w)::text FROM partybuilding_whistle w WHERE w.id = %(whistle)s),
           (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM partybuilding_call c WHERE whistle_id = %(whistle)s),
           (SELECT md5(string_agg(k::text, '|' ORDER BY id)) FROM partybuilding_callclock k),
           (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM partybuilding_task t),
           (SELECT md5(string_agg(a::text, '|' ORDER BY id)) FROM partybuilding_arrival a),
           (SELECT count(*) FROM partybuilding_whistle), (SELECT count(*) FROM partybuilding_whistleevent),
           (SELECT count(*) FROM partybuilding_whistletext), (SELECT count(*) FROM partybuilding_score),
           (SELECT count(*) FROM partybuilding_whistlephoto WHERE whistle_id IS NOT NULL),
           (SELECT count(*) FROM governance_outbox), (SELECT count(*) FROM cases_caseevent)
"""


def snapshot(whistle: Whistle | None = None) -> tuple:
    """All columns of a whistle and its calls, and how much there is of everything that a move may write."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, {"whistle": whistle.pk if whistle else 0})
        return cursor.fetchone()
