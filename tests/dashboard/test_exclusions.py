"""Exclusions in public: beside the raw figure, on a page of their own, on the case; asked and agreed to in forms."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client

from appraisal.models import Exclusion
from appraisal.tallying import tally
from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from dashboard.boards import LEADER
from dashboard.filters import BoardFilters, chosen
from dashboard.places import places_of
from dashboard.views.overview import overview
from governance.models import User
from governance.roles import Role
from tests import lives, people
from tests.appraisal.excluding import END, asked, asker, chief, leader, say
from tests.appraisal.excluding import excluded as exclude
from tests.sheets import sheets

pytestmark = pytest.mark.django_db

RATE = "closed_in_time_rate"
PASSPORT = f"/board/measures/{RATE}/"
LIST, OF_RATE = "/board/exclusions/", f"/board/exclusions/?measure={RATE}"
NOW = lives.at(11, 20, 16)


@pytest.fixture
def late(time_machine) -> Case:
    """One case of the street of a dozen that was late."""
    for _ in range(11):
        lives.case_at(State.CLOSED, loop=Loop.STREET)
    case = lives.case_at(State.HANDLING, loop=Loop.STREET)
    sweep(now=case.due_at + dt.timedelta(minutes=1))
    lives.walk(case, "feedback", "pass", "close", now=case.due_at + dt.timedelta(hours=1))
    time_machine.move_to(NOW, tick=False)
    tally(now=NOW)
    return lives.fresh(case)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def said(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", answer.content.decode()))


# Beside the raw figure ----------------------------------------------------------------------------------------------


def test_the_card_and_the_passport_show_the_raw_rate_first_and_the_adjusted_one_beside_it(late):
    client = client_of(leader(people.DISTRICT))
    for address in ("/board/", PASSPORT):
        assert "剔除1件" not in said(client, address)
    assert "与原值相同" in said(client, PASSPORT)
    exclude(late)
    for address in ("/board/", PASSPORT):
        page = said(client, address)
        assert page.index("91.7") < page.index("剔除后") and "剔除1件" in page and "100.0%" in page
        assert OF_RATE.replace("&", "&amp;") in client.get(address).content.decode()
    say(Exclusion.objects.get(), END, leader())
    assert "剔除1件" not in said(client, "/board/")


def test_the_number_of_excluded_cases_opens_as_many(late):
    exclude(late)
    asked(Case.objects.exclude(pk=late.pk)[0])
    client = client_of(leader(people.DISTRICT))
    page = client.get(PASSPORT).context["adjusted"]
    found = client.get(OF_RATE).context
    assert len(page.cases) == found["paged"].total == 1
    assert found["lines"][0].exclusion.case_id == late.pk
    for words, number in (
        ("&source=phone", 0),
        ("&period=today", 0),
        ("&loop=street", 1),
        ("&loop=district", 0),
    ):
        assert client.get(OF_RATE + words).context["paged"].total == number, words
    assert client.get("/board/exclusions/?measure=closed").status_code == 404
    assert client.get("/board/exclusions/?measure=nothing").status_code == 404


def test_the_file_of_what_is_counted_says_both(late):
    exclude(late)
    client = client_of(leader(people.DISTRICT))
    answer = client.get(f"/board/counted/export/?measure={RATE}&part=denominator")
    head = dict(row[:2] for row in sheets(b"".join(answer.streaming_content))["说明"][1:])
    assert head["条数"] == "12" and head["剔除后"].startswith("100.0%，剔除 1 件")


def test_a_wall_says_it_without_a_link(late):
    exclude(late)
    user = leader(people.DISTRICT)
    cards = overview(user, chosen(BoardFilters({}), places_of(user)), LEADER, "", wall=True)["cards"]
    assert [len(one["adjusted"].cases) for one in cards if one["adjusted"]] == [1, 1]


def test_the_recount_of_the_passport_agrees_with_both(late):
    exclude(late)
    found = client_of(leader(people.DISTRICT)).get(f"{PASSPORT}?recount=yes").context["recount"]
    assert found["agrees"]
    by = {(one["counter"], one["beside"]): (one["board"], one["events"]) for one in found["lines"]}
    assert by["closed", ""] == (12, 12) and by["closed", "剔除后"] == (11, 11)


# The list -----------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_place_state_ground_and_person(late):
    first, second = exclude(late), asked(Case.objects.exclude(pk=late.pk)[0])
    client = client_of(leader(people.DISTRICT))

    def listed(words: str = "") -> set[int]:
        return {one.exclusion.pk for one in client.get(f"{LIST}?{words}").context["lines"]}

    assert listed() == {first.pk, second.pk}
    assert listed("state=granted") == {first.pk} and listed("state=undecided") == {second.pk}
    assert listed("state=denied") == listed("ground=repeated") == set()
    assert listed("ground=force_majeure") == {first.pk, second.pk}
    assert listed(f"who={leader().pk}") == {first.pk}
    assert listed(f"who={second.asked_by_id}") == {first.pk, second.pk}
    assert listed("period=today") == {second.pk}, "what waits to be decided stays in sight"
    assert listed("period=last_month") == {second.pk}
    assert listed(f"place={late.street_id}") == {first.pk, second.pk}
    elsewhere = people.stranger().posts.get().organization_id
    assert listed(f"place={elsewhere}") == set()
    assert "没有剔除" in said(client, f"{LIST}?place={elsewhere}")
    assert "全部名单" in said(client, f"{LIST}?state=denied")
    for word in ("state=x", "ground=x", "who=x", "who=99999999999999999999", "page=9"):
        assert client.get(f"{LIST}?{word}").status_code == 200


def test_people_of_other_places_see_nothing_of_it(late):
    found = exclude(late)
    stranger = client_of(people.stranger())
    assert stranger.get(LIST).context["lines"] == []
    assert stranger.get(f"{LIST}?place={late.street_id}").status_code == 404
    assert stranger.get(f"{LIST}{found.pk}/").status_code == 404
    assert stranger.get(f"{LIST}cases/{late.uuid}/").status_code == 404
    assert stranger.post(f"{LIST}{found.pk}/decide/").status_code == 404


def test_the_list_as_a_file_has_who_asked_who_agreed_and_why(late):
    exclude(late)
    client = client_of(leader(people.DISTRICT))
    answer = client.get(f"{LIST}export/?measure={RATE}")
    head, row, *notes = sheets(b"".join(answer.streaming_content))["剔除"]
    assert row[head.index("编号")] == late.number
    assert leader().name in row[head.index("意见")] and "情况属实" in row[head.index("意见")]
    assert any("按期" in note for (note, *_) in notes)


# Forms --------------------------------------------------------------------------------------------------------------


def posted(user: User, address: str, **given: str):
    return client_of(user).post(address, {"key": str(uuid.uuid4())} | given)


def test_it_is_asked_for_agreed_to_and_ended_on_pages(late):
    ask_url = f"{LIST}cases/{late.uuid}/"
    by = client_of(asker(late))
    assert ask_url in by.get(f"/cases/{late.uuid}/").content.decode()
    for wrong in (
        {},
        {"ground": "weather", "words": "x"},
        {"ground": "other", "words": " "},
        {"ground": "other", "words": "长" * 201},
    ):
        assert posted(asker(late), ask_url, **wrong).status_code == 422
    answer = posted(asker(late), ask_url, ground="force_majeure", words="暴雨内涝")
    found = Exclusion.objects.get()
    assert answer["Location"] == f"{LIST}{found.pk}/"
    decide_url = f"{LIST}{found.pk}/decide/"
    assert posted(asker(late), decide_url, verdict="agree", reason="好").status_code == 403
    for user in (chief(), leader(people.DISTRICT)):
        assert "您的意见" in said(client_of(user), f"{LIST}{found.pk}/")
        assert posted(user, decide_url, verdict="agree", reason=" ").status_code == 422
        assert posted(user, decide_url, verdict="agree", reason="情况属实").status_code == 302
    found.refresh_from_db()
    assert found.state == Exclusion.State.GRANTED
    assert "恢复计入" in said(client_of(leader()), f"{LIST}{found.pk}/")
    assert posted(chief(), decide_url, verdict="end", reason="查无此事").status_code == 403
    assert posted(leader(people.DISTRICT), decide_url, verdict="end", reason="查无此事").status_code == 302
    page = said(client_of(chief()), f"/cases/{late.uuid}/")
    assert "已恢复计入" in page and "不可抗力" in page


def test_what_somebody_else_asked_or_decided_meanwhile_is_said_and_nothing_typed_is_lost(late):
    found = asked(late)
    answer = posted(people.clerk(), f"{LIST}cases/{late.uuid}/", ground="other", words="停电两小时")
    assert answer.status_code == 409 and "停电两小时" in answer.content.decode()
    say(found, "refuse", chief())
    answer = posted(leader(), f"{LIST}{found.pk}/decide/", verdict="agree", reason="我看行")
    assert answer.status_code == 409 and "我看行" in answer.content.decode()


def test_the_case_offers_it_where_something_may_stand_against_it(late):
    fresh = lives.case_at(State.HANDLING, loop=Loop.STREET, now=NOW)
    unit = client_of(asker(fresh))
    assert f"{LIST}cases/" not in unit.get(f"/cases/{fresh.uuid}/").content.decode()
    assert f"{LIST}cases/" in client_of(asker(late)).get(f"/cases/{late.uuid}/").content.decode()
    assert f"{LIST}cases/" not in client_of(leader()).get(f"/cases/{late.uuid}/").content.decode()
    auditor = people.someone(Role.AUDITOR, people.DISTRICT)
    found = asked(late)
    assert f"{LIST}{found.pk}/" in client_of(auditor).get(f"/cases/{late.uuid}/").content.decode()
