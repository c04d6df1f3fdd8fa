"""批量: one move on the ticked cases of a list, shown before, each with its own result, and nothing twice."""

import uuid

import pytest
from django.test import Client

from cases.models import Case, CaseEvent, Responsibility
from cases.workflow import Loop, State
from governance.models import User
from tests import people
from tests.lives import case_at, reported, walk

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(page, *cases: Case, **changed: str) -> dict[str, object]:
    """What a browser sends of a page on which some cases are ticked."""
    plans = {plan.case.pk: plan for plan in page.context["plans"]}
    body = {"key": str(page.context["form"]["key"].value()), "case": [str(case.uuid) for case in cases]}
    body["shown"] = [str(plan.case.uuid) for plan in plans.values() if not plan.why_not]
    for case in cases:
        for name, value in plans[case.pk].hidden:
            if value not in (None, False):
                body[name] = "on" if value is True else value
    return body | changed


@pytest.mark.parametrize(
    ("name", "before", "after", "queue"),
    [
        ("register", State.REPORTED, State.REGISTERED, "mine-reported"),
        ("dispatch", State.REGISTERED, State.DISPATCHED, "mine-registered"),
        ("close", State.VERIFIED, State.CLOSED, "mine-verified"),
    ],
)
def test_ticked_cases_are_done_as_the_list_proposes_and_the_others_stay(name, before, after, queue):
    cases = [case_at(before, loop=Loop.COMMUNITY) for _ in range(3)]
    browser = client_of(people.clerk())
    address = f"/desk/bulk/{name}/?queue={queue}"
    assert address in browser.get("/desk/", {"queue": queue}).content.decode().replace("&amp;", "&")
    page = browser.get(address)
    assert [plan.case for plan in page.context["plans"]] == cases
    assert all(plan.said and not plan.why_not for plan in page.context["plans"])
    body = sent(page, *cases[:2])
    for _ in range(2):  # sent twice it is done once
        answer = browser.post(address, body)
        assert [one.is_done for one in answer.context["results"]] == [True, True]
        assert "办成 2 件" in answer.content.decode()
    states = [Case.objects.get(pk=case.pk).state for case in cases]
    assert states == [after, after, before]
    assert CaseEvent.objects.filter(case__in=cases, move=name).count() == 2


def test_a_case_that_moved_on_meanwhile_says_so_and_holds_no_other_back():
    first, second = case_at(State.REPORTED, loop=Loop.COMMUNITY), case_at(State.REPORTED, loop=Loop.COMMUNITY)
    browser = client_of(people.clerk())
    page = browser.get("/desk/bulk/register/?queue=mine-reported")
    walk(first, "decline", reason="不在范围内")
    answer = browser.post("/desk/bulk/register/?queue=mine-reported", sent(page, first, second))
    done, refused = (
        next(one for one in answer.context["results"] if one.is_done is is_done) for is_done in (True, False)
    )
    assert (done.case, refused.case) == (second, first)
    assert refused.said and "1 件没有办成" in answer.content.decode()


def test_what_the_list_says_nothing_about_is_done_by_hand():
    case = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    Case.objects.filter(pk=case.pk).update(responsibility=None)
    page = client_of(people.clerk()).get("/desk/bulk/register/?queue=mine-reported")
    assert "逐件办理" in page.context["plans"][0].why_not
    assert f'value="{case.uuid}"' not in page.content.decode()


def test_cases_that_are_done_by_hand_hide_no_others(monkeypatch):
    monkeypatch.setattr("desk.bulk.MOST", 2)
    cases = [case_at(State.REPORTED, loop=Loop.COMMUNITY) for _ in range(5)]
    Case.objects.filter(pk__in=[case.pk for case in cases[:2]]).update(responsibility=None)
    page = client_of(people.clerk()).get("/desk/bulk/register/?queue=mine-reported")
    able = [plan.case for plan in page.context["plans"] if not plan.why_not]
    assert able == cases[2:4] and [plan.case for plan in page.context["plans"]][2:] == cases[:2]


def test_what_was_unticked_is_left_out_of_the_next_batch_until_it_is_asked_for():
    cases = [case_at(State.REPORTED, loop=Loop.COMMUNITY) for _ in range(3)]
    browser = client_of(people.clerk())
    address = "/desk/bulk/register/?queue=mine-reported"
    answer = browser.post(address, sent(browser.get(address), *cases[:2]))
    following = f"{address}&skip={answer.context['skip']}"
    assert following in answer.content.decode().replace("&amp;", "&")
    assert browser.get(following).context["plans"] == []
    assert "逐件办理" in browser.get(following).content.decode()
    assert [plan.case for plan in browser.get(address).context["plans"]] == cases[2:]
    assert browser.get(f"{address}&skip=x.y").status_code == 200


def test_a_version_of_the_list_that_came_meanwhile_is_refused():
    case = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    browser = client_of(people.clerk())
    page = browser.get("/desk/bulk/register/?queue=mine-reported")
    Responsibility.objects.filter(pk=case.responsibility_id).update(is_current=False)
    answer = browser.post("/desk/bulk/register/?queue=mine-reported", sent(page, case))
    [result] = answer.context["results"]
    assert not result.is_done and "现行" in result.said


def test_nobody_does_more_in_bulk_than_one_by_one():
    case = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    page = client_of(people.clerk()).get("/desk/bulk/register/?queue=mine-reported")
    body = sent(page, case)
    for user in (people.worker(), people.someone("leader", people.STREET)):
        answer = client_of(user).post("/desk/bulk/register/?queue=mine-reported", body)
        assert not any(one.is_done for one in answer.context["results"])
    answer = client_of(people.stranger()).post("/desk/bulk/register/?queue=mine-reported", body)
    assert answer.context["results"] == []  # out of scope there is no such case
    assert Case.objects.get(pk=case.pk).state == State.REPORTED
    seen = client_of(people.someone("leader", people.STREET)).get("/desk/bulk/register/?queue=all")
    assert all(plan.why_not for plan in seen.context["plans"])


def test_without_a_ticked_case_or_with_another_move_nothing_happens():
    reported()
    browser = client_of(people.clerk())
    page = browser.get("/desk/bulk/register/?queue=mine-reported")
    key = {"key": str(page.context["form"]["key"].value())}
    answer = browser.post("/desk/bulk/register/?queue=mine-reported", key)
    assert answer.status_code == 422 and "请勾选" in answer.content.decode()
    assert browser.post("/desk/bulk/register/", key | {"case": "x"}).status_code == 422
    for name in ("grant_void", "merge", "nothing"):
        assert browser.get(f"/desk/bulk/{name}/").status_code == 404


def test_a_page_of_twenty_asks_few_questions(django_assert_max_num_queries):
    for _ in range(20):
        case_at(State.REGISTERED, loop=Loop.COMMUNITY)
    browser = client_of(people.clerk())
    browser.get("/desk/bulk/dispatch/?queue=mine-registered")
    with django_assert_max_num_queries(10 + 20 * 3):
        page = browser.get("/desk/bulk/dispatch/?queue=mine-registered")
    assert len(page.context["plans"]) == 20


def test_a_key_of_its_own_for_each_case():
    case = case_at(State.REPORTED, loop=Loop.COMMUNITY)
    browser = client_of(people.clerk())
    page = browser.get("/desk/bulk/register/?queue=mine-reported")
    body = sent(page, case)
    browser.post("/desk/bulk/register/?queue=mine-reported", body)
    event = CaseEvent.objects.get(case=case, move="register")
    assert event.key == uuid.uuid5(uuid.UUID(body["key"]), str(case.uuid))
