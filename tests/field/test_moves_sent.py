"""What the phone's own script is told of a move that it sends: where it leads, what was refused, where the case stands."""

import uuid
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from cases.models import Case, Leg
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from tests import people
from tests.lives import case_at, fresh, walk
from tests.photos import photo

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def handler_of(case: Case) -> User:
    return User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()


def sent(user: User, case: Case, move: str, *, by_itself: bool = False, **given: Any):
    client = Client(headers=JSON | ({"X-By-Itself": "1"} if by_itself else {}))
    client.force_login(user)
    leg = Leg.objects.open().filter(case=case).values_list("pk", flat=True).first()
    given = {"key": str(uuid.uuid4()), "leg": leg, "owner": user.pk, **given}
    return client.post(f"/cases/{case.uuid}/moves/{move}/", given)


def test_a_move_that_was_made_is_answered_with_where_it_leads_and_again_the_same():
    case, key = case_at(State.DISPATCHED), str(uuid.uuid4())
    leg = Leg.objects.open().get(case=case).pk
    answers = [sent(handler_of(case), case, "accept", key=key, leg=leg) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert {answer.json()["url"] for answer in answers} == {f"/cases/{case.uuid}/"}
    assert fresh(case).state == State.HANDLING and case.events.filter(move="accept").count() == 1


def test_what_a_page_sends_by_itself_leaves_no_message_for_later():
    for by_itself, count in ((False, 1), (True, 0)):
        case = case_at(State.DISPATCHED)
        answer = sent(handler_of(case), case, "accept", by_itself=by_itself)
        assert len(list(get_messages(answer.wsgi_request))) == count


def test_what_is_missing_is_said_at_its_field_and_says_nothing_of_the_case():
    case = case_at(State.HANDLING)
    answer = sent(handler_of(case), case, "feedback")
    assert answer.status_code == 422 and set(answer.json()["errors"]) == {"words", "photos"}
    assert "now" not in answer.json()


def test_a_move_that_came_too_late_is_told_where_the_case_stands_and_who_did_what():
    case = case_at(State.HANDLING)
    user = handler_of(case)
    given = {
        "leg": Leg.objects.open().get(case=case).pk,
        "words": "办完了",
        "photos": str(photo(by=user, now=timezone.now())),
    }
    walk(case, "feedback", words="同事已经办完")
    answer = sent(user, case, "feedback", **given)
    now = answer.json()["now"]
    assert answer.status_code == 409
    assert (now["state"], now["what"], now["text"]) == ("待核查", "反馈", "同事已经办完") and now["who"]


def test_a_comment_takes_photos_and_needs_none():
    case = case_at(State.HANDLING)
    user = handler_of(case)
    assert sent(user, case, "comment", words="只有文字").status_code == 201
    assert (
        sent(
            user, case, "comment", words="有照片", photos=str(photo(by=user, now=timezone.now()))
        ).status_code
        == 201
    )
    assert case.photos.filter(sequence=fresh(case).version).count() == 1


def test_what_waited_for_another_person_is_not_done_in_this_name():
    case = case_at(State.DISPATCHED)
    answer = sent(handler_of(case), case, "accept", owner=people.clerk().pk)
    assert answer.status_code == 403 and "另一位同事" in answer.json()["errors"]["owner"][0]
    assert fresh(case).state == State.DISPATCHED


def test_whose_session_is_over_is_told_so():
    case = case_at(State.DISPATCHED)
    answer = Client(headers=JSON).post(f"/cases/{case.uuid}/moves/accept/", {"key": str(uuid.uuid4())})
    assert answer.status_code == 401 and "登录已过期" in answer.json()["detail"]
