"""The board: five numbers, each opening the very list it counts; the same figures narrowed and drilled."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from dashboard.statistics import Closed, overview, rate
from governance.models import User
from governance.roles import Role
from tests import people
from tests.lives import MORNING, case_at, inside, reported, walk

pytestmark = pytest.mark.django_db

FLOOR = 3  # session, user, posts


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def district_leader() -> User:
    return people.someone(Role.LEADER, people.DISTRICT)


def at(time_machine, now: dt.datetime) -> None:
    """Let pages believe that it is this time."""
    time_machine.move_to(now, tick=False)


def counted(client: Client, url: str) -> int:
    """How many cases the desk's list behind an address holds."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.context["total"]


def settled_on_the_spot() -> Case:
    """A self-handled case that was verified and closed."""
    return walk(reported(source=Case.Source.SELF), "pass", "close")


@pytest.fixture
def busy(time_machine) -> dt.datetime:
    """A morning with something in every figure: open, overdue, closed in time and late, in all three loops."""
    now = MORNING + dt.timedelta(hours=3)
    reported()
    reported(position=inside(f"{people.ELSEWHERE}001"), by=people.someone(Role.GRID_WORKER, people.ELSEWHERE))
    case_at(State.HANDLING, loop=Loop.STREET)
    case_at(State.CLOSED)
    case_at(State.CLOSED, loop=Loop.STREET)
    case_at(State.EVALUATED, loop=Loop.DISTRICT)
    case_at(State.DECLINED)
    settled_on_the_spot()
    late = case_at(State.DISPATCHED, now=MORNING - dt.timedelta(days=20))
    sweep(now=late.due_at + dt.timedelta(minutes=1))
    walk(late, "accept", "feedback", "pass", "close", now=late.due_at + dt.timedelta(hours=1))
    old = reported(now=MORNING - dt.timedelta(days=1))
    sweep(now=Case.objects.get(pk=old.pk).due_at + dt.timedelta(minutes=1))
    at(time_machine, now)
    return now


def test_every_number_opens_a_list_of_exactly_that_many(busy):
    client = signed_in(district_leader())
    page = client.get("/board/")
    figures = page.context["figures"]
    stats = {stat["label"]: stat["url"] for stat in page.context["stats"]}
    assert figures.open and figures.overdue and figures.reported_today and figures.closed.base
    assert 0 < figures.closed.in_time < figures.closed.n
    assert counted(client, stats["在办"]) == figures.open
    assert counted(client, stats["今日新增"]) == figures.reported_today
    assert counted(client, stats["近 30 日按期办结率"]) == figures.closed.in_time
    assert counted(client, stats["超期未结"]) == figures.overdue
    assert counted(client, stats["近 30 日基层办结率"]) == figures.closed.base
    assert counted(client, page.context["due_url"]) == figures.due_today


@pytest.mark.parametrize("narrowed", ["", "loop=street", "kind=matter"])
def test_every_number_of_the_table_opens_a_list_of_exactly_that_many(busy, narrowed):
    client = signed_in(district_leader())
    table = client.get(f"/board/?{narrowed}").context["table"]
    tried = 0
    for line in table:
        for name in ("open", "overdue", "closed", "in_time"):
            cell = line[name]
            assert bool(cell["url"]) == bool(cell["number"])
            if cell["url"]:
                assert counted(client, cell["url"]) == cell["number"], (line["name"], name)
                tried += 1
    assert tried >= 3


def test_self_handled_cases_are_counted_apart_and_inflate_no_rate(time_machine):
    case_at(State.CLOSED)
    at(time_machine, MORNING + dt.timedelta(hours=6))
    client = signed_in(district_leader())
    before = client.get("/board/").context["figures"].closed
    settled_on_the_spot()
    page = client.get("/board/")
    after = page.context["figures"].closed
    assert (after.n, after.in_time, after.base) == (before.n, before.in_time, before.base) == (1, 1, 1)
    assert (before.self_handled, after.self_handled) == (0, 1)
    assert "另有自处理 1 件" in page.content.decode()
    assert counted(client, "/desk/?queue=closed&closed=30&source=self") == 1


def test_a_street_of_the_table_opens_the_board_of_that_street(busy):
    client = signed_in(district_leader())
    whole = client.get("/board/")
    lines = {line["name"]: line for line in whole.context["table"]}
    assert len(lines) == 12
    street = client.get("/board/" + lines["拓东街道"]["url"])
    assert street.context["figures"].open == lines["拓东街道"]["open"]["number"]
    assert street.context["place_name"] == "拓东街道"
    assert street.context["by"] == "社区"
    stats = {stat["label"]: stat["url"] for stat in street.context["stats"]}
    assert counted(client, stats["在办"]) == street.context["figures"].open < whole.context["figures"].open


def test_figures_are_those_of_the_viewers_scope(busy):
    assert signed_in(people.stranger()).get("/board/").context["figures"].open == 1
    street_leader = people.someone(Role.LEADER, people.STREET)
    page = signed_in(street_leader).get("/board/")
    assert page.context["by"] == "社区"
    assert page.context["figures"].open == Case.objects.visible_to(street_leader).open().count()


def test_a_rate_without_a_denominator_is_not_zero():
    assert rate(0, 0) is None and Closed().in_time_rate is None
    page = signed_in(district_leader()).get("/board/")
    numbers = [stat["number"] for stat in page.context["stats"]]
    assert numbers == ["0", "0", None, "0", None]
    assert "暂无数据" in page.content.decode()


def test_the_figures_cost_one_statement_on_case_rows_alone(busy):
    cases = Case.objects.visible_to(district_leader())
    with CaptureQueriesContext(connection) as captured:
        overview(cases, by="street", now=busy)
    assert len(captured) == 1
    assert not re.search(r"cases_(assignment|caseevent|casetext)", captured[0]["sql"])


def test_who_holds_no_post_gets_figures_of_nothing(busy):
    nobody = overview(Case.objects.none(), by="street", now=busy)
    assert (nobody.open, nobody.closed, nobody.rows) == (0, Closed(), {})


def test_the_page_costs_a_fixed_number_of_statements(busy):
    client = signed_in(district_leader())
    client.get("/board/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/board/")
    # Places, figures, list, orders and their cases, unread notices.
    assert len(captured) <= FLOOR + 6, [query["sql"][:90] for query in captured]


def test_the_list_names_the_earliest_due_date_first(busy):
    listed = signed_in(district_leader()).get("/board/").context["next_cases"]
    assert listed and all(case.lateness != "red" for case in listed)
    assert [case.due_at for case in listed] == sorted(case.due_at for case in listed)


def test_a_supervision_order_waits_on_the_board_of_its_leader(busy):
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    leader = district_leader()
    assert signed_in(leader).get("/board/").context["orders"] == []
    sweep(now=case.due_at + dt.timedelta(minutes=1))
    while not case.supervisions.exists():
        sweep(now=case.legs.get(stopped_at=None).sweep_at)
    order = case.supervisions.get(accepted_at=None)
    waiting = signed_in(order.leader).get("/board/").context["orders"]
    assert order.pk in [one.pk for one in waiting]
    assert [one.deadline for one in waiting] == sorted(one.deadline for one in waiting)


def test_nonsense_in_the_address_narrows_nothing(busy):
    client = signed_in(district_leader())
    whole = client.get("/board/").context["figures"].open
    assert (
        client.get("/board/?street=x&loop=moon&kind=%27&show=hm&community=0").context["figures"].open == whole
    )


def test_a_community_narrows_the_board_where_it_is_in_sight(busy):
    case = Case.objects.open().filter(community__isnull=False).order_by("pk")[0]
    asked = f"/board/?community={case.community_id}"
    page = signed_in(district_leader()).get(asked)
    inside_it = Case.objects.visible_to(district_leader()).open().filter(community=case.community_id)
    assert page.context["figures"].open == inside_it.count() > 0
    assert page.context["place_name"] == case.community.name
    assert "community" not in signed_in(people.stranger()).get(asked).context["form"].chosen


def test_nobody_sees_the_board_without_signing_in():
    assert Client().get("/board/").status_code == 302
