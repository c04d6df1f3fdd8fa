"""The case page: the next move, what others may do and why, the story, and moving from the page."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case
from cases.workflow import MOVES, OPEN, Loop, State
from governance.models import AccessLog, User
from tests import people
from tests.lives import PATHS, case_at, reported, row_for, walk

pytestmark = pytest.mark.django_db
FLOOR = 3
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def named(username: str) -> User:
    return User.objects.get(username=username)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(user: User, case: Case, **headers):
    return signed_in(user).get(f"/cases/{case.uuid}/", headers=headers)


def moves_of(user: User, case: Case) -> list[str]:
    context = opened(user, case).context
    return [move.name for move in (*context["next_moves"], *context["aside_moves"])]


def first_move(user: User, case: Case) -> str:
    return opened(user, case).context["next_moves"][0].name


def test_the_next_move_of_each_desk_comes_first():
    assert first_move(named("zhiban"), case_at(State.REPORTED, loop=Loop.STREET)) == "register"
    assert first_move(named("paiqian"), case_at(State.REGISTERED, loop=Loop.STREET)) == "dispatch"
    assert first_move(named("zhiban"), case_at(State.VERIFIED, loop=Loop.STREET)) == "close"
    assert first_move(named("zhiban"), case_at(State.DISPUTED, loop=Loop.STREET)) == "adjudicate"


def test_every_move_is_offered_or_said_to_be_anothers():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    answer = opened(named("zhiban"), case)
    refused = {offer.move.name: offer.why_not for offer in answer.context["refused_offers"]}
    assert refused["dispatch"] == "派遣由派遣员办理。"
    assert "dispatch" not in moves_of(named("zhiban"), case)
    assert "派遣由派遣员办理。" in answer.content.decode()


def test_the_proposed_unit_is_one_press_away():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    client = signed_in(named("paiqian"))
    context = client.get(f"/cases/{case.uuid}/").context
    assert context["proposed"].name in client.get(f"/cases/{case.uuid}/").content.decode()
    form = {"key": uuid.uuid4(), "leg": context["leg"].pk, "unit": context["proposed"].pk}
    answer = client.post(f"/cases/{case.uuid}/moves/dispatch/", form)
    case.refresh_from_db()
    assert (answer.status_code, case.state, case.unit) == (302, State.DISPATCHED, context["proposed"])


def test_one_press_accepts_and_a_second_press_changes_nothing():
    case = case_at(State.DISPATCHED, loop=Loop.STREET)
    client = signed_in(named("zhifa"))
    leg = client.get(f"/cases/{case.uuid}/").context["leg"]
    form = {"key": uuid.uuid4(), "leg": leg.pk}
    for _ in range(2):
        assert client.post(f"/cases/{case.uuid}/moves/accept/", form).status_code == 302
    case.refresh_from_db()
    assert (case.state, case.events.filter(move="accept").count()) == (State.HANDLING, 1)


def test_a_move_from_the_pane_returns_to_the_desk_and_never_elsewhere():
    client = signed_in(named("zhifa"))
    for then, expected in (
        ("/desk/?queue=mine", "/desk/?queue=mine"),
        ("https://example.org/", None),
        ("//example.org/", None),
        ("javascript:alert(1)", None),
    ):
        case = case_at(State.DISPATCHED, loop=Loop.STREET)
        form = {"key": uuid.uuid4(), "then": then}
        answer = client.post(f"/cases/{case.uuid}/moves/accept/", form)
        wanted = f"{expected}&case={case.uuid}" if expected else f"/cases/{case.uuid}/"
        assert answer.headers["Location"] == wanted


def test_the_pane_takes_the_piece_alone_and_knows_the_way_back():
    case = case_at(State.DISPATCHED, loop=Loop.STREET)
    here = f"http://testserver/desk/?queue=mine&case={case.uuid}"
    answer = opened(named("zhifa"), case, **{"HX-Request": "true", "HX-Current-URL": here})
    text = answer.content.decode()
    assert "<html" not in text
    assert answer.context["then"] == f"/desk/?queue=mine&case={case.uuid}"


def test_two_buttons_of_a_page_never_share_a_key():
    case = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    text = opened(people.clerk(), case).content.decode()
    keys = [part.split('"')[0] for part in text.split('name="key" value="')[1:]]
    assert len(keys) > 1
    assert len(keys) == len(set(keys))


def test_registering_shows_the_list_for_the_category_and_for_another_one():
    case = reported(loop=Loop.STREET)
    client = signed_in(named("zhiban"))
    page = client.get(f"/cases/{case.uuid}/moves/register/")
    assert row_for(case).registering_condition in page.content.decode()
    other = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    page = client.get(f"/cases/{case.uuid}/moves/register/", {"category": other.category_id})
    assert row_for(other).registering_condition in page.content.decode()


def test_a_wrong_answer_comes_back_with_its_sentence_and_what_was_written():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    form = {"key": uuid.uuid4(), "reason": ""}
    answer = signed_in(named("paiqian")).post(f"/cases/{case.uuid}/moves/return/", form)
    assert answer.status_code == 422
    assert "有 1 处没有填对" in answer.content.decode()


def test_a_stranger_finds_no_case_and_a_handler_no_desk_move():
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    assert opened(people.stranger(), case).status_code == 404
    answer = signed_in(named("zhiban")).post(
        f"/cases/{case.uuid}/moves/return/", {"key": uuid.uuid4(), "reason": "不清楚"}
    )
    assert answer.status_code == 403


def test_the_story_is_told_newest_first_with_facts_in_words():
    case = case_at(State.DISPUTED, loop=Loop.STREET)
    context = opened(named("zhiban"), case).context
    told = [line["what"] for line in context["lines"]]
    assert told == ["回退", "派遣", "回退", "派遣", "立案", "上报"]
    facts = " ".join(fact for line in context["lines"] for fact in line["facts"])
    assert "回退原因：" in facts
    assert "认为应由" in facts
    assert "认为应由其他单位" not in facts
    assert "处置" in facts


def test_the_six_steps_show_where_the_case_stands():
    now = {}
    for state in (
        State.REPORTED,
        State.REGISTERED,
        State.HANDLING,
        State.HANDLED,
        State.VERIFIED,
        State.CLOSED,
    ):
        steps = opened(named("quling"), case_at(state, loop=Loop.STREET)).context["steps"]
        now[state] = [step["label"] for step in steps if step["state"] == "now"]
    assert list(now.values()) == [
        [label] for label in ("采集上报", "指挥派遣", "处理反馈", "结果核查", "结案归档", "考核评价")
    ]


def asked_by_the_page(username: str, case: Case) -> int:
    """Statements of a case page above the floor."""
    client = signed_in(named(username))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/cases/{case.uuid}/").status_code == 200
    return len([q for q in captured if not q["sql"].startswith(NOT_COUNTED)]) - FLOOR


def test_every_state_has_a_page_that_asks_little():
    for state in PATHS:
        case = case_at(state, loop=Loop.STREET)
        for username in ("zhiban", "paiqian", "quling"):
            assert asked_by_the_page(username, case) <= 9, (state, username)


def test_requests_and_an_order_leave_the_page_within_its_budget():
    case = case_at(State.HANDLING, loop=Loop.STREET, now=timezone.now() - dt.timedelta(minutes=30))
    case = walk(case, "ask_extension", now=timezone.now(), reason="待材料", amount=1)
    deadline = timezone.now() + dt.timedelta(days=1)
    case = walk(case, "order_supervision", now=timezone.now(), reason="尽快", deadline=deadline)
    for username in ("zhiban", "paiqian", "zhifa"):
        assert asked_by_the_page(username, case) <= 10, (
            username
        )  # one each for whistles and exclusions of the case


def test_every_form_of_every_move_opens():
    tried = 0
    for state in OPEN:
        case = case_at(state, loop=Loop.STREET)
        for move in MOVES.values():
            if state in move.sources:
                answer = signed_in(named("zhiban")).get(f"/cases/{case.uuid}/moves/{move.name}/")
                assert answer.status_code == 200, (state, move.name)
                tried += 1
    assert tried > 60


def test_a_caller_is_masked_until_a_reason_is_written_down():
    caller = {"contact_phone": "13888001234", "contact_name": "王小明"}
    case = reported(by=people.clerk(), source=Case.Source.PHONE, **caller)
    client = signed_in(people.clerk())
    assert "13888001234" not in client.get(f"/cases/{case.uuid}/").content.decode()
    client.post(f"/cases/{case.uuid}/contact/", {"reason": ""})
    assert not AccessLog.objects.exists()
    shown = client.post(f"/cases/{case.uuid}/contact/", {"reason": "回访核对地址"})
    assert "13888001234" in shown.content.decode()
    assert AccessLog.objects.get().reason == "回访核对地址"


def test_a_supervision_order_stands_above_the_case():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    deadline = timezone.now() + dt.timedelta(days=1)
    case = walk(case, "order_supervision", reason="尽快", deadline=deadline)
    assert "督办中" in opened(named("zhifa"), case).content.decode()
    assert [row.uuid for row in signed_in(named("zhiban")).get("/desk/?queue=ordered").context["cases"]] == [
        case.uuid
    ]


def test_what_the_door_would_refuse_now_is_not_offered_but_explained():
    deadline = timezone.now() + dt.timedelta(days=1)
    handling = case_at(State.HANDLING, loop=Loop.STREET, now=timezone.now() - dt.timedelta(minutes=30))
    asked = walk(handling, "ask_extension", now=timezone.now(), reason="待材料", amount=1)
    ordered = walk(asked, "order_supervision", now=timezone.now(), reason="尽快", deadline=deadline)
    tried, version = 0, ordered.version
    for username in ("zhiban", "paiqian", "zhifa", "jielingdao"):
        context = opened(named(username), ordered).context
        offered = {move.name for move in (*context["next_moves"], *context["aside_moves"])}
        why = {offer.move.name: offer.why_not for offer in context["refused_offers"]}
        assert not offered & set(why)
        if username == "zhiban":
            assert why["grant_extension"] == "这份延期申请由派遣员决定。"
        if username == "zhifa":
            assert why["ask_extension"] == "已有一份延期申请待批。"
        if username == "jielingdao":
            assert why["order_supervision"] == "已有一份督办未销号。"
            assert why["accept_supervision"] == "责任单位还没有答复，不能销号。"
        for name in why:
            form = {"key": uuid.uuid4(), "reason": "不", "deadline": deadline.isoformat(), "amount": 1}
            answer = signed_in(named(username)).post(f"/cases/{ordered.uuid}/moves/{name}/", form)
            assert answer.status_code in (400, 403, 409, 422), name
            tried += 1
    assert tried > 20
    ordered.refresh_from_db()
    assert ordered.version == version
