"""A process that dies in the middle of a move leaves all of it or nothing; the same key then gives the same answer."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from cases.models import CaseEvent
from cases.workflow import State
from governance.models import User
from tests import people
from tests.crashing import MADE, POINTS, Crasher, crasher
from tests.invariants import contradictions, tally
from tests.lives import case_at, eligible_units, hands, inside, settled_by
from tests.photos import photo
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.process, pytest.mark.django_db(transaction=True)]
#: Each point once with each of so many moves in turn.
ROUNDS = tries(1, full=10, trust=30)


@dataclass
class Request:
    """What is sent, and by whom."""

    path: str
    body: dict[str, object]
    by: User


def picture(by: User) -> str:
    return str(photo(by=by, now=timezone.now()))


def feedback() -> Request:
    """A move in which everything is written that any move writes."""
    case = case_at(State.HANDLING, now=timezone.now())
    by = User.objects.get(pk=case.legs.get(stopped_at=None).person_id)
    body = {"words": "已清理完毕。", "photos": [picture(by)]}
    return Request(f"/api/v1/cases/{case.uuid}/moves/feedback/", body, by)


def failing() -> Request:
    """Sent back by the person who was drawn."""
    case = case_at(State.HANDLED, now=timezone.now())
    by = User.objects.get(pk=case.legs.get(stopped_at=None).person_id)
    where = {"longitude": case.longitude, "latitude": case.latitude}
    body = {"reason": "现场未清理。", "photos": [picture(by)], **where}
    return Request(f"/api/v1/cases/{case.uuid}/moves/fail/", body, by)


def reporting() -> Request:
    by, (longitude, latitude) = people.worker(), inside()
    body = {
        "category": settled_by("community").pk,
        "longitude": longitude,
        "latitude": latitude,
        "words": "楼道堆放杂物。",
        "photos": [picture(by)],
    }
    return Request("/api/v1/cases/", body, by)


def refusing() -> Request:
    case = case_at(State.DISPATCHED, now=timezone.now())
    move = {"refusal": "not_ours", "reason": "不归我们管。", "right_unit": eligible_units(case)[-1].pk}
    return Request(f"/api/v1/cases/{case.uuid}/moves/refuse/", move, hands().holding("H", case.unit_id)[0])


#: Points that a move does not come by.
NEVER = {
    feedback: set(),
    failing: set(),
    reporting: {"before the lock", "after the lock", "after the leg's end"},
    refusing: {"after the photos"},
}
MOVES = list(NEVER)


@pytest.fixture
def server(transactional_db) -> Iterator[Crasher]:
    with crasher() as found:
        yield found


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_move_cut_off_anywhere_is_made_wholly_or_not_at_all(server, promise):
    tried = 0
    for number in range(ROUNDS):
        for index, point in enumerate(POINTS):
            able = [move for move in MOVES if point not in NEVER[move]]
            request = able[(number + index) % len(able)]()
            sent = {"session": session_of(request.by), "key": str(uuid.uuid4())}
            before = tally()
            cut = server.post(request.path, request.body, point=point, **sent)
            assert cut == {"died": 9}, (point, request.path, cut)
            events = CaseEvent.objects.filter(key=sent["key"])
            assert (tally() == before) == (point not in MADE), (point, request.path)
            assert events.count() == (point in MADE)
            answer = server.post(request.path, request.body, **sent)
            assert answer["status"] in (200, 201), (point, request.path, answer)
            made = tally()
            assert made[0] == before[0] + 1 and events.get().sequence == answer["body"]["version"]
            again = server.post(request.path, request.body, **sent)
            assert again["body"] == answer["body"] and tally() == made, (point, request.path)
            tried += 1
    assert contradictions() == []
    promise("a move cut off at a named point is made wholly or not at all", tried=tried, held=tried)
