"""The desk: whose queue a case stands in, the filters of the list, the file, calls, gaps, category search."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.filters import since
from cases.models import Case, CaseText, Category
from cases.workflow import OPEN, Loop, State
from desk import queues
from governance.models import AccessLog, Organization, User
from tests import people
from tests.lives import MORNING, case_at, reported, walk
from tests.people import COMMUNITY, STREET
from tests.sheets import sheet

pytestmark = pytest.mark.django_db
FLOOR = 3
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
#: Whose first queue each state stands in, when the street commands.
OWNERS = {
    State.REPORTED: ("zhiban", "mine-reported"),
    State.REGISTERED: ("paiqian", "mine-registered"),
    State.DISPATCHED: ("zhifa", "mine-dispatched"),
    State.HANDLING: ("zhifa", "mine-handling"),
    State.DISPUTED: ("zhiban", "mine-disputed"),
    State.VERIFIED: ("zhiban", "mine-verified"),
}


def named(username: str) -> User:
    return User.objects.get(username=username)


def page(user: User, path: str = "/desk/", **query):
    client = Client()
    client.force_login(user)
    return client.get(path, query)


def shown(user: User, **query) -> list[Case]:
    return page(user, **query).context["cases"]


def count_of(user: User, name: str) -> str:
    for group in page(user).context["groups"]:
        for line in group["queues"]:
            if line["url"].endswith(f"={name}"):
                return line["count"]
    return "0"


@pytest.mark.parametrize("state", OWNERS)
def test_a_case_stands_in_the_queue_of_the_duty_that_owns_its_state(state):
    case = case_at(state, loop=Loop.STREET)
    username, queue = OWNERS[state]
    assert [row.uuid for row in shown(named(username), queue=queue)] == [case.uuid]
    assert [row.uuid for row in shown(named(username))] == [case.uuid]


@pytest.mark.parametrize("state", OWNERS)
def test_a_clerk_has_all_desk_states_of_the_community_and_no_other_clerk_has_them(state):
    case = case_at(state, loop=Loop.COMMUNITY)
    own = [row.uuid for row in shown(people.clerk())]
    assert own == ([] if state in (State.DISPATCHED, State.HANDLING) else [case.uuid])
    assert shown(people.stranger(), queue="all") == []


def test_every_queue_counts_what_it_lists():
    for state in OPEN:
        case_at(state, loop=Loop.STREET)
        case_at(state, loop=Loop.COMMUNITY)
    tried = 0
    for username in (
        "shequ",
        "shouli",
        "zhiban",
        "paiqian",
        "zhifa",
        "wuye",
        "jielingdao",
        "quling",
        "shenji",
    ):
        user = named(username)
        rows = queues.counted(user)
        for group in queues.groups_for(user):
            for queue in group.queues:
                if queue not in queues.ENDLESS:
                    assert queues.totals(queue, rows)[0] == queues.cases_in(queue, user).count(), queue
                    tried += 1
    assert tried > 80


def test_every_open_case_is_somebodys_turn():
    for state in set(OPEN) - {State.SUSPENDED}:
        case = case_at(state, loop=Loop.STREET)
        leg = case.legs.get(stopped_at=None)
        candidates = [named(name) for name in ("zhiban", "paiqian", "zhifa", "shouli")]
        if leg.person:
            candidates.append(leg.person)
        waits = [
            Case.objects.filter(pk=case.pk).filter(queues.steps_for(user)).exists() for user in candidates
        ]
        assert any(waits), state


def test_a_request_stands_with_whoever_decides_it_and_not_with_who_asked():
    case = case_at(State.HANDLING, loop=Loop.STREET)
    case = walk(case, "ask_extension", now=MORNING + dt.timedelta(minutes=9), reason="待材料", amount=1)
    assert [row.uuid for row in shown(named("paiqian"), queue="asked")] == [case.uuid]
    assert shown(named("zhiban"), queue="asked") == []
    assert count_of(named("paiqian"), "asked") == "1"


def test_a_list_says_where_it_ends_without_counting_what_the_page_shows():
    for number in range(queues.PAGE + 1):
        reported(now=MORNING + dt.timedelta(minutes=number))
    first, second = (page(people.clerk(), queue="all", page=number).context for number in (1, 2))
    assert (len(first["cases"]), first["next_page"], first["total"]) == (20, 2, 21)
    assert (len(second["cases"]), second["next_page"], second["total"]) == (1, None, 21)


def test_a_page_beyond_the_end_is_answered_by_the_last_one():
    for number in range(queues.PAGE + 1):
        reported(now=MORNING + dt.timedelta(minutes=number))
    beyond = page(people.clerk(), queue="all", page=9).context
    assert (len(beyond["cases"]), beyond["first"], beyond["previous_page"], beyond["total"]) == (1, 21, 1, 21)


@pytest.mark.parametrize("text", ["-", "--", "0-", "-1"])
def test_a_dash_is_no_number_and_finds_nothing(text):
    reported()
    assert shown(people.clerk(), q=text) == []


def test_a_list_without_an_end_is_counted_as_far_as_somebody_reads(monkeypatch):
    monkeypatch.setattr(queues, "COUNTED_ENDLESS", 20)
    for number in range(queues.PAGE + 2):
        reported(now=MORNING + dt.timedelta(minutes=number))
    everything = page(people.clerk(), queue="all").context
    assert everything["total_words"] == "超过 20 件"
    assert everything["next_page"] == 2
    with time_machine.travel(MORNING + dt.timedelta(hours=1), tick=False):
        assert page(people.clerk(), queue="all", reported="7").context["total_words"] == "共 22 件"


def test_finished_cases_stand_in_the_order_in_which_they_were_closed():
    first, last = case_at(State.CLOSED), case_at(State.CLOSED, now=MORNING + dt.timedelta(days=2))
    Case.objects.filter(pk=first.pk).update(closed_at=last.closed_at + dt.timedelta(hours=1))
    assert [row.uuid for row in shown(people.clerk(), queue="closed")] == [first.uuid, last.uuid]


def test_communities_are_offered_for_one_street_and_one_that_an_address_names_stays():
    leader = named("quling")
    street = Organization.objects.get(code=STREET)
    community = Organization.objects.get(code=COMMUNITY)

    def offered(**query) -> list[str]:
        return [str(value) for value, _ in page(leader, **query).context["form"].fields["community"].choices]

    assert offered() == [""]
    assert offered(community=community.pk) == ["", str(community.pk)]
    inside_street = street.children.filter(level=community.level).values_list("pk", flat=True)
    assert set(offered(street=street.pk)) == {"", *map(str, inside_street)}


def test_the_list_starts_with_the_earliest_due_date():
    later = reported(now=MORNING + dt.timedelta(hours=2))
    sooner = reported(now=MORNING)
    assert [row.uuid for row in shown(people.clerk())] == [sooner.uuid, later.uuid]


def test_a_handler_sees_rework_apart_from_other_handling():
    case = walk(case_at(State.HANDLED, loop=Loop.STREET), "fail", now=MORNING + dt.timedelta(hours=1))
    assert case.state == State.HANDLING
    assert [row.uuid for row in shown(named("zhifa"), queue="mine-rework")] == [case.uuid]
    assert shown(named("zhifa"), queue="mine-handling") == []


def test_a_case_that_was_fed_back_is_elsewhere_for_the_handler():
    case = case_at(State.HANDLED, loop=Loop.STREET)
    assert [row.uuid for row in shown(named("zhifa"), queue="fed-back")] == [case.uuid]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "registered"}, {"b"}),
        ({"loop": "street"}, {"b"}),
        ({"loop": "base"}, {"a", "b"}),
        ({"category": "占道"}, {"b"}),
        ({"kind": "safety"}, {"a"}),
        ({"q": "旧沙发"}, {"a"}),
        ({"q": "沙发 拓东路"}, {"a"}),
        ({"q": "发旧"}, set()),
        ({"lateness": "red"}, set()),
        ({"was_late": "no"}, {"a", "b"}),
        ({"closed": "30"}, set()),
    ],
)
def test_filters_of_the_address_narrow_the_list(query, expected):
    cases = {
        "a": reported(words="有人丢了旧沙发在楼道"),
        "b": case_at(State.REGISTERED, loop=Loop.STREET, words="占道摆摊"),
    }
    found = {row.uuid for row in shown(named("jielingdao"), queue="all", **query)}
    assert found == {cases[name].uuid for name in expected}


def test_filters_alone_look_through_everything():
    case = case_at(State.DECLINED, loop=Loop.STREET)
    assert [row.uuid for row in shown(named("zhiban"), state="declined")] == [case.uuid]


def test_reported_today_begins_at_midnight_in_shanghai():
    now = timezone.now()
    midnight = since("today", now)
    assert timezone.localtime(midnight).strftime("%H:%M:%S") == "00:00:00"
    assert midnight <= now < midnight + dt.timedelta(days=1)


def test_a_case_is_found_by_its_number_or_the_end_of_it():
    case = reported()
    for text in (case.number, f"{case.pk:06d}"):
        assert [row.uuid for row in shown(people.clerk(), queue="all", q=text)] == [case.uuid]
    assert shown(people.stranger(), queue="all", q=case.number) == []


def test_one_character_is_too_short_to_search_and_the_page_says_so():
    reported()
    for text in ("堆", "８", "（堆）", "堆。"):
        answer = page(people.clerk(), q=text)
        assert "再多写一个字" in answer.content.decode(), text
        assert (answer.context["cases"], answer.context["total"]) == ([], 0), text
        rows = sheet(b"".join(page(people.clerk(), "/desk/export/", q=text).streaming_content))
        assert len(rows) == 2, text  # the heading and who took it


def test_a_filter_that_is_no_filter_is_left_out():
    case = reported()
    assert [row.uuid for row in shown(people.clerk(), queue="all", street="x", page="-3")] == [case.uuid]


def test_twenty_a_page_with_the_number_of_all():
    for _ in range(23):
        reported()
    answer = page(people.clerk(), queue="mine-reported", page="2")
    assert (len(answer.context["cases"]), answer.context["total_words"]) == (3, "共 23 件")
    assert "第 21–23 件" in answer.content.decode()


def test_the_queue_page_asks_little_whatever_the_filter():
    for state in (State.REPORTED, State.REGISTERED, State.HANDLING, State.VERIFIED):
        case_at(state, loop=Loop.STREET)
    for query in (
        {},
        {"queue": "all"},
        {"queue": "open", "q": "旧家具"},
        {"lateness": "none", "loop": "street"},
    ):
        for username in ("zhiban", "quling", "zhifa"):
            client = Client()
            client.force_login(named(username))
            with CaptureQueriesContext(connection) as captured:
                client.get("/desk/", query)
            asked = [q["sql"] for q in captured if not q["sql"].startswith(NOT_COUNTED)]
            assert len(asked) - FLOOR <= 6, asked


def test_the_case_of_the_address_stands_beside_the_list():
    case = reported()
    answer = page(people.clerk(), case=str(case.uuid)).content.decode()
    assert f'data-case-page="{case.uuid}"' in answer
    assert page(people.stranger(), case=str(case.uuid)).status_code == 404
    assert page(people.clerk(), case="nonsense").status_code == 200


def test_what_is_the_same_in_every_row_is_said_once_above_them():
    for minute in range(2):
        case_at(State.REGISTERED, loop=Loop.STREET, now=MORNING + dt.timedelta(minutes=minute))
    answer = page(named("paiqian"), queue="mine-registered")
    rows = answer.content.decode().partition("data-case-list")[2]
    common = answer.context["common"]
    assert {"street_name", "community_name", "state_name", "category_name"} <= set(common)
    assert f"都是{common['street_name']}" in answer.content.decode()
    assert f"<b>{common['category_name']}</b>" not in rows and "badge is-" not in rows.partition("</div>")[0]
    reported(loop=Loop.STREET)
    mixed = page(named("zhiban"), queue="open")
    assert "state_name" not in mixed.context["common"]
    assert mixed.content.decode().partition("data-case-list")[2].count("badge is-") >= 3


def test_a_row_has_a_picture_of_its_case_and_the_number_on_paper():
    case = case_at(State.HANDLED, loop=Loop.STREET)
    text = page(named("zhiban"), queue="open").content.decode()
    first = case.photos.order_by("pk").first()
    assert f'src="/photos/{first.uuid}-s.jpg"' in text
    assert case.number in text


# The file ----------------------------------------------------------------------------------------------------------


def test_the_file_holds_the_filtered_list_as_text_and_the_look_is_written_down():
    case = reported(words="=1+1 堆物")
    reported(words="别的")
    answer = page(people.clerk(), "/desk/export/", queue="all", q="堆物")
    rows = sheet(b"".join(answer.streaming_content))
    assert [row[0] for row in rows[1:2]] == [case.number]
    assert rows[1][2] == "=1+1 堆物"
    assert AccessLog.objects.get(subject="cases:export").reason.startswith("导出 1 件")


def test_the_file_says_on_which_day_it_was_made():
    case, before = reported(), timezone.localtime()
    answer = page(people.clerk(), "/desk/export/", queue="all")
    rows = sheet(b"".join(answer.streaming_content))
    days = {f"{moment:%Y-%m-%d %H:%M}" for moment in (before, timezone.localtime())}
    assert any(f"{day} 由 {people.clerk().name} 导出" in rows[-1][0] for day in days), rows[-1]
    assert rows[1][0] == case.number
    assert not any(word in cell for row in rows for cell in row for word in ("今天", "剩 ", "超 "))


@pytest.mark.parametrize("address", ["/desk/", "/cases/{}/", "/board/", "/desk/gaps/", "/inbox/"])
def test_what_is_printed_says_of_which_day_it_is(address):
    case, before = reported(), timezone.localtime()
    text = page(named("quling"), address.format(case.uuid)).content.decode()
    days = {f"{moment:%Y-%m-%d %H:%M}" for moment in (before, timezone.localtime())}
    assert any(f"本页为 {day} 的情况" in text or f"数据截至 {day}" in text for day in days)


def test_cells_are_never_formulas():
    case = reported()
    CaseText.objects.filter(case=case).update(body="@SUM(A1)\t=1")
    rows = sheet(b"".join(page(people.clerk(), "/desk/export/", queue="all").streaming_content))
    assert rows[1][2] == "@SUM(A1)\t=1"


# Gaps --------------------------------------------------------------------------------------------------------------


def test_the_page_of_gaps_counts_the_grids_without_a_worker_and_names_the_clerk():
    answer = page(named("quling"), "/desk/gaps/")
    assert answer.context["figures"]["worker"] == 100
    grid = answer.context["page_obj"].object_list[0]
    assert grid.community.clerks[0].user.name in answer.content.decode()


def test_a_street_sees_its_own_gaps_alone():
    answer = page(named("zhiban"), "/desk/gaps/")
    of_the_district = page(named("quling"), "/desk/gaps/").context["figures"]["worker"]
    assert 0 < answer.context["figures"]["worker"] < of_the_district
    assert {grid.code[: len(STREET)] for grid in answer.context["page_obj"]} == {STREET}


def test_who_has_no_territory_has_no_page_of_gaps():
    assert page(named("zhifa"), "/desk/gaps/").status_code == 403


# Categories --------------------------------------------------------------------------------------------------------


def test_the_latest_own_choices_come_first():
    assert page(people.clerk(), "/categories/").json()["recent"] == []
    reported(by=people.clerk(), category=Category.objects.get(name="占道经营"))
    reported(by=people.clerk())
    recent = page(people.clerk(), "/categories/").json()["recent"]
    assert [Category.objects.get(pk=pk).name for pk in recent] == ["楼道堆物", "占道经营"]


def test_what_is_frequent_around_a_post_is_told_as_shares():
    for name in ("占道经营", "占道经营", "暴露垃圾"):
        reported(category=Category.objects.get(name=name))
    told = page(people.clerk(), "/categories/").json()["frequent"]
    assert {Category.objects.get(pk=pk).name: share for pk, share in told.items()} == {
        "占道经营": 1,
        "暴露垃圾": 0.5,
    }


def test_nobody_searches_without_signing_in():
    assert Client().get("/categories/").status_code == 401
    assert Client().get("/desk/").status_code == 302
    assert Client().get("/desk/export/").status_code == 302
