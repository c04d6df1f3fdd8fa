"""Pages of nightly looks: words with their numbers, lists that agree with them, decisions of people, scope."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.models import MissedDecision, MissedReport, PlaceWarning, RepeatPlace
from appraisal.periods import DAY
from cases.models import Case
from dashboard.places import places_of
from dashboard.views.warnings import warnings_of
from governance.models import User
from governance.roles import Role
from tests import lives, people
from tests.appraisal.looks import looked_at

pytestmark = pytest.mark.django_db

NOW = lives.at(11, 18, 10)


@pytest.fixture
def found(time_machine) -> tuple[PlaceWarning, RepeatPlace, MissedReport]:
    time_machine.move_to(NOW, tick=False)
    return looked_at(NOW)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def leader(place: str = people.STREET) -> User:
    return people.someone(Role.LEADER, place)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


# Warnings -----------------------------------------------------------------------------------------------------------


def test_a_warning_is_said_in_words_with_its_past_and_opens_its_cases(found):
    client = client_of(leader())
    page = text_of(client.get("/board/warnings/"))
    assert "尚义社区近 7 天楼道堆物 9 件，前几个月同期约 2 件" in page
    assert "拓东街道近 7 天楼道堆物 9 件" in page
    assert "此类提示还没有过，无从比较" in page
    one = client.get(f"/board/warnings/{found[0].pk}/")
    assert one.context["counted"] == len(one.context["cases"]) == found[0].observed == 9
    assert client.get(one.context["list_url"]).context["paged"].total == 9
    said = text_of(one)
    assert "可比的 9 周各 2、1、2、1、2、2、2、1、1 件" in said
    assert "2 + 3 × 1.4 ＝ 6.2 件即提示" in said


def test_a_leader_orders_supervision_from_the_cases_and_others_are_not_offered_it(found):
    address = f"/board/warnings/{found[0].pk}/"
    orders = re.findall(
        r'href="(/cases/[^"]+/moves/order_supervision/)"', client_of(leader()).get(address).content.decode()
    )
    assert len(orders) == 9
    assert client_of(leader()).get(orders[0]).status_code == 200
    assert "order_supervision" not in client_of(people.clerk()).get(address).content.decode()


def test_the_card_of_the_overview_has_the_strongest_of_the_place_in_one_statement(found):
    places = places_of(leader(people.DISTRICT))
    with CaptureQueriesContext(connection) as captured:
        mine = warnings_of(places.roots[0], NOW)
    assert len(captured) == 1
    assert {one.place.code for one in mine} == {people.COMMUNITY, people.STREET}
    assert warnings_of(places.roots[0], NOW + 7 * DAY) == []
    elsewhere = next(
        one
        for one in places.by_pk.values()
        if one.name not in ("盘龙区", "拓东街道") and one.dimension == "street"
    )
    assert warnings_of(elsewhere, NOW) == []


def test_a_warning_is_dismissed_on_its_page_with_a_reason(found):
    client, address = client_of(people.clerk()), f"/board/warnings/{found[0].pk}/"
    assert "不再提示" in text_of(client.get(address))
    empty = client.post(f"{address}dismiss/", {"key": str(uuid.uuid4()), "reason": " "})
    assert empty.status_code == 422 and "请写明理由。" in text_of(empty)
    done = client.post(f"{address}dismiss/", {"key": str(uuid.uuid4()), "reason": "物业集中清理"})
    assert done["Location"] == address
    assert "标为不再提示：物业集中清理" in text_of(client.get(address))
    assert found[0].place.name + "近 7 天" not in text_of(client.get("/board/warnings/"))
    assert "物业集中清理" in text_of(client.get("/board/warnings/?show=dismissed"))
    late = client_of(leader()).post(f"{address}dismiss/", {"key": str(uuid.uuid4()), "reason": "我也看了"})
    assert late.status_code == 409 and "已有人" in text_of(late)


def test_earlier_warnings_say_what_became_of_them(found, time_machine):
    from appraisal.warnings import find_warnings

    find_warnings(now=NOW + 7 * DAY)
    time_machine.move_to(NOW + 8 * DAY, tick=False)
    page = text_of(client_of(leader()).get("/board/warnings/?show=past"))
    assert "随后一周 0 件，已回落" in page
    assert "已查到 2026-11-24；昨夜没有排查" in page


# Repeats ------------------------------------------------------------------------------------------------------------


def test_a_repeat_place_says_how_often_where_and_whether_it_was_closed_properly(found):
    place = found[1]
    for case in Case.objects.filter(pk__in=place.cases[:2]):
        lives.walk(case, "register", "dispatch", "accept", "feedback", "pass", "close", now=NOW)
    reopened = Case.objects.get(pk=place.cases[1])
    lives.walk(reopened, "reopen", now=NOW + dt.timedelta(hours=1))
    client = client_of(leader())
    (row,) = client.get("/board/repeats/").context["paged"].rows
    assert [len(row[show]) for show in ("closed", "proper", "open")] == [1, 1, len(place.cases) - 1]
    one = client.get(f"/board/repeats/{place.pk}/")
    assert f"50 米内 {len(place.cases)} 次" in text_of(one)
    assert f'data-longitude="{place.longitude:.6f}"' in one.content.decode()
    assert len(one.context["cases"]) == len(place.cases)
    for show in ("closed", "proper", "open"):
        assert client.get(f"/board/repeats/{place.pk}/?show={show}").context["cases"] == row[show]


# Missed reports -----------------------------------------------------------------------------------------------------


def decide(client: Client, report: MissedReport, **given):
    given = {"key": str(uuid.uuid4()), "verdict": "confirmed", "reason": "楼道口很显眼", **given}
    return client.post(f"/board/missed/{report.pk}/decide/", given)


def test_a_report_that_was_perhaps_missed_is_decided_on_the_page(found):
    report, client = found[2], client_of(people.clerk())
    page = text_of(client.get("/board/missed/"))
    assert report.case.number in page and "网格员当天" in page
    assert decide(client, report, verdict="", reason="").status_code == 422
    assert not MissedDecision.objects.exists()
    assert decide(client, report).status_code == 302
    assert "确认漏报" in text_of(client.get("/board/missed/?show=confirmed"))
    other = decide(client_of(people.someone(Role.SUPERVISOR, people.STREET)), report, verdict="rejected")
    assert other.status_code == 409 and "已经认定：确认漏报" in text_of(other)
    assert MissedDecision.objects.get().verdict == "confirmed"


def test_the_grid_worker_sees_it_when_it_is_confirmed_and_not_before(found):
    report, worker = found[2], client_of(people.worker())
    assert report.case.number not in text_of(worker.get("/board/missed/?show=open"))
    assert decide(worker, report).status_code == 404
    decide(client_of(people.clerk()), report)
    page = worker.get("/board/missed/")
    assert report.case.number in text_of(page) and "楼道口很显眼" in text_of(page)
    assert "decide/" not in page.content.decode()


def test_nobody_is_named_or_ranked_but_who_decided(found):
    page = text_of(client_of(leader()).get("/board/missed/"))
    assert not any(user.name in page for user in User.objects.filter(pk__in=found[2].workers))


def test_a_leader_looks_and_does_not_decide(found):
    page = client_of(leader()).get("/board/missed/")
    assert page.status_code == 200 and "decide/" not in page.content.decode()
    assert decide(client_of(leader()), found[2]).status_code == 403


# Scope and cost -----------------------------------------------------------------------------------------------------


def test_strangers_see_nothing_of_it_anywhere(found):
    warning, place, report = found
    stranger = client_of(people.stranger())
    for name, row in (("warning", warning), ("repeat", place)):
        assert stranger.get(reverse(f"dashboard:{name}", args=[row.pk])).status_code == 404
    for name in ("warning_dismiss", "missed_decide"):
        row = warning if name == "warning_dismiss" else report
        assert stranger.post(reverse(f"dashboard:{name}", args=[row.pk])).status_code == 404
    for name in ("warnings", "repeats", "missed"):
        page = stranger.get(reverse(f"dashboard:{name}"))
        assert page.context["paged"].rows == []
        out_of_sight = reverse(f"dashboard:{name}") + f"?place={warning.place_id}"
        assert stranger.get(out_of_sight).status_code == 404


def test_a_part_of_the_territory_shows_what_lies_there_alone(found):
    client = client_of(leader(people.DISTRICT))
    community = client.get(f"/board/warnings/?place={found[0].place_id}")
    assert [one.pk for one in community.context["paged"].rows] == [found[0].pk]
    street = client.get(f"/board/warnings/?place={found[0].place.parent_id}")
    assert len(street.context["paged"].rows) == 2


def test_who_has_no_territory_is_told_so(found):
    handler = client_of(people.someone(Role.HANDLER, f"{people.COMMUNITY}-property"))
    for name in ("warnings", "repeats"):
        assert "您的岗位没有要看的区域" in text_of(handler.get(f"/board/{name}/"))
    assert handler.get("/board/missed/").status_code == 403


def test_a_page_after_the_last_is_the_last(found):
    page = client_of(leader()).get("/board/warnings/?page=7").context["paged"]
    assert (page.number, page.pages, page.total, len(page.rows)) == (1, 1, 2, 2)


@pytest.mark.parametrize(
    "word", ["place=x", "place=99999999999999999999", "show=nothing", "page=x", "page=99"]
)
def test_words_that_mean_nothing_break_nothing(found, word):
    client = client_of(leader())
    for name in ("warnings", "repeats", "missed"):
        assert client.get(f"/board/{name}/?{word}").status_code in (200, 404)
