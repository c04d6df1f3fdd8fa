"""State × move × person, over HTTP: what the tables of whistles refuse leaves whistle, events, calls and clocks as they were.

A move that the state knows is tried by everybody; one that it does not know by somebody who holds its duty and by one
other in turn. CI and `make trust` let everybody try.
"""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from governance.roles import Duty
from partybuilding.models import Whistle
from partybuilding.workflow import CALLS, WHISTLES, CallState, State
from records.moves import Move
from tests.lives import settled_by
from tests.partybuilding.blowing import (
    MANAGEMENT,
    MARKET,
    MARKS,
    NEED,
    call_of,
    snapshot,
    unit,
    whistle_at,
    whistle_with_call_at,
)
from tests.partybuilding.test_workflow import EVERYBODY, ON_CALL, ON_WHISTLE, STRANGERS, everybody
from tests.people import DISTRICT

pytestmark = [pytest.mark.trust, pytest.mark.django_db]
REFUSED = {400, 403, 404, 409, 422}


def plausible(whistle: Whistle) -> dict[str, Any]:
    """Everything that any form may ask for, and all of it sound."""
    later = timezone.localtime() + dt.timedelta(days=2)
    calls = whistle.calls.values_list("pk", flat=True)
    return {
        "words": "现场已看过。",
        "reason": "按规定办理。",
        "lead": unit(MANAGEMENT).pk,
        "unit": unit(f"{DISTRICT}-water").pk,
        "title": "清运杂物",
        "deadline": later.strftime("%Y-%m-%dT%H:%M"),
        "task": 1,
        "category": settled_by("street").pk,
        "position_longitude": round(whistle.longitude, 6),
        "position_latitude": round(whistle.latitude, 6),
        "refusal": "not_ours",
        "right_unit": unit(MARKET).pk,
        "call": calls[0] if calls else "",
        **MARKS,
        **NEED,
    }


def tried(whistle: Whistle, moves: list[Move], state: str, duties: dict[str, set[Duty]]) -> int:
    """How many cells outside the table were posted, each refused without a trace."""
    before, crowd = snapshot(whistle), everybody()
    clients = {name: Client() for name in crowd}
    for name, client in clients.items():
        client.force_login(crowd[name])
    sees = {n for n, one in crowd.items() if Whistle.objects.visible_to(one).filter(pk=whistle.pk).exists()}
    data, count = plausible(whistle), 0
    for number, move in enumerate(moves):
        names = list(crowd)
        if state not in move.sources and not EVERYBODY:
            names = ["jieshuji" if Duty.BLOW in move.duties else "chengguanju", names[number % len(names)]]
        part = f"calls/{call_of(whistle, MANAGEMENT).pk}/" if move.of_part else ""
        url = f"/party/whistles/{whistle.uuid}/{part}moves/{move.name}/"
        for name in names:
            held = {Duty.BLOW} if (state, name) == (State.ASKED, "sheshuji") else duties.get(name, set())
            if state in move.sources and held & set(move.duties) and name in sees:
                continue
            answer = clients[name].post(url, data | {"key": uuid.uuid4()})
            wanted = {404} if name in STRANGERS else REFUSED
            assert answer.status_code in wanted, f"{name} {move.name} from {state}: {answer.status_code}"
            assert snapshot(whistle) == before, f"{name} {move.name} from {state} left a trace"
            count += 1
    return count


@pytest.mark.parametrize("state", State)
def test_what_the_table_of_whistles_refuses_is_refused_by_its_pages(state, promise):
    whistle = whistle_at(state)
    count = tried(whistle, [move for move in WHISTLES if move.sources], state, ON_WHISTLE)
    assert count > 20
    promise("what the tables of whistles refuse is refused over HTTP", tried=count, held=count)


@pytest.mark.parametrize("state", CallState)
def test_what_the_table_of_calls_refuses_is_refused_by_its_pages(state, promise):
    whistle = whistle_with_call_at(state)
    count = tried(whistle, list(CALLS), state, ON_CALL)
    assert count > 15
    promise("what the tables of whistles refuse is refused over HTTP", tried=count, held=count)
