"""Moves that waited in a phone are sent again and again: each is made once, whatever answers were lost."""

import random
import uuid
from typing import Any

import pytest
from django.test import Client

from cases.models import Case, Leg
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from tests.lives import MORNING, case_at, fresh
from tests.photos import photo
from tests.scale import tries

pytestmark = pytest.mark.django_db
CASES, TIMES, LOST = tries(7, full=70, trust=340), 5, 0.3
JSON = {"Accept": "application/json", "X-By-Itself": "1"}


def kept(case: Case, user: User, move: str, **given: Any) -> tuple[str, dict[str, Any]]:
    """A move as a phone keeps it: with the leg that was open when its form was opened, and a key of its own."""
    leg = Leg.objects.open().get(case=case).pk
    body = {"key": str(uuid.uuid4()), "leg": leg, "owner": user.pk, **given}
    return f"/cases/{case.uuid}/moves/{move}/", body


@pytest.mark.trust
def test_moves_that_are_sent_five_times_in_any_order_of_their_cases_are_each_made_once(promise):
    """Of one case in the order in which they were kept, as the phone sends them; an answer that was lost is asked for again."""
    chance, clients, waiting = random.Random(44), {}, {}
    for number in range(CASES):
        case = case_at(State.DISPATCHED)
        user = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
        if user not in clients:
            clients[user] = Client(headers=JSON)
            clients[user].force_login(user)
        picture = str(photo(by=user, now=MORNING))
        waiting[case, user] = [
            kept(case, user, "accept"),
            kept(case, user, "comment", words=f"第{number}件，已到现场"),
            kept(case, user, "feedback", words=f"第{number}件办好", photos=picture),
        ]

    def send(case: Case, user: User) -> None:
        for address, body in waiting[case, user]:
            while True:
                answer = clients[user].post(address, body)
                assert answer.status_code in (200, 201), answer.content.decode()
                if chance.random() >= LOST:
                    break

    for _ in range(TIMES):
        for pair in chance.sample(list(waiting), len(waiting)):
            send(*pair)
    held = 0
    for number, (case, _) in enumerate(waiting):
        moves = list(case.events.order_by("sequence").values_list("move", flat=True))
        words = set(case.texts.values_list("body", flat=True))
        once = moves[-3:] == ["accept", "comment", "feedback"] and moves.count("feedback") == 1
        held += 3 * (once and {f"第{number}件，已到现场", f"第{number}件办好"} <= words)
        assert fresh(case).state == State.HANDLED
    tried = 3 * CASES
    promise(
        "moves sent five times with lost answers", tried=tried * TIMES, held=held * TIMES, lost=tried - held
    )

    tampered = 0
    for (_, user), items in waiting.items():
        address, body = items[1]
        tampered += clients[user].post(address, {**body, "words": "改过"}).status_code == 409
    promise("other words under a used key of a move", tried=CASES, held=tampered)


def test_what_a_colleague_did_meanwhile_is_told_each_time_and_nothing_is_done_twice():
    case = case_at(State.HANDLING)
    user = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
    client = Client(headers=JSON)
    client.force_login(user)
    first, second = (
        kept(case, user, "feedback", words=words, photos=str(photo(by=user, now=MORNING)))
        for words in ("先到的", "后到的")
    )
    assert client.post(*first).status_code == 201
    for _ in range(3):
        answer = client.post(*second)
        assert answer.status_code == 409 and answer.json()["now"]["text"] == "先到的"
    assert case.events.filter(move="feedback").count() == 1
