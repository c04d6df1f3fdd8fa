"""The board: five numbers, what breaks today, who is waited for, who is slow; each number opens the list it counts."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from appraisal.periods import Period
from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Organization, User
from governance.roles import Role
from tests import people
from tests.dashboard.listing import counted
from tests.lives import MORNING, case_at, inside, reported, walk

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def district_leader() -> User:
    return people.someone(Role.LEADER, people.DISTRICT)


def at(time_machine, now: dt.datetime) -> None:
    """Let pages believe that it is this time."""
    time_machine.move_to(now, tick=False)


def figures_of(client: Client, url: str = "/board/") -> dict[str, float | None]:
    """The five numbers of a board by the keys of their measures."""
    return {one["measure"].key: one["figure"].value for one in client.get(url).context["cards"]}


def street_of(code: str) -> Organization:
    return Organization.objects.get(code=code)


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


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (Role.LEADER, people.DISTRICT),
        (Role.LEADER, people.STREET),
        (Role.DUTY_CHIEF, people.DISTRICT),
        (Role.AUDITOR, people.DISTRICT),
        (Role.CLERK, people.COMMUNITY),
    ],
)
@pytest.mark.parametrize("narrowed", ["", "&loop=base&kind=matter", "&period=7"])
def test_every_number_opens_a_list_of_exactly_that_many(busy, role, code, narrowed):
    client = signed_in(people.someone(role, code))
    page = client.get(f"/board/?source=others{narrowed}").context
    lines = [cell for line in (*page["parts"], *page["units"]) for cell in line["cells"]]
    tried = 0
    for one in (*page["cards"], *lines):
        figure = one["figure"]
        for number, url in ((figure.numerator, one["url"]), (figure.denominator, one["denominator_url"])):
            assert bool(url) == bool(number)
            if url:
                assert counted(client, url) == number, (one["measure"].key, url)
                tried += 1
    assert tried >= 5


def test_self_handled_cases_are_counted_apart_and_inflate_no_rate(time_machine):
    case_at(State.CLOSED)
    at(time_machine, MORNING + dt.timedelta(hours=6))
    client = signed_in(district_leader())

    def closed() -> tuple[float | None, float | None]:
        (rate,) = [
            one
            for one in client.get("/board/").context["cards"]
            if one["measure"].key == "closed_in_time_rate"
        ]
        return rate["figure"].numerator, rate["figure"].denominator

    assert closed() == (1, 1)
    settled_on_the_spot()
    assert closed() == (1, 1)
    assert counted(client, "/board/counted/?measure=self_handled") == 1


def test_a_street_of_the_table_opens_the_board_of_that_street(busy):
    client = signed_in(district_leader())
    whole = client.get("/board/").context
    lines = {line["name"]: line for line in whole["parts"]}
    assert len(lines) == 12
    street = client.get(lines["拓东街道"]["url"]).context
    assert street["place"].name == "拓东街道" and street["below"] == "社区"
    assert [one.name for one in street["way"]] == ["盘龙区", "拓东街道"]
    mine = street["cards"][0]["figure"].value
    assert mine == lines["拓东街道"]["cells"][0]["figure"].value < whole["cards"][0]["figure"].value


def test_a_community_has_its_grids_and_a_grid_its_cases(busy):
    community = street_of(people.COMMUNITY)
    client = signed_in(people.clerk())
    page = client.get("/board/").context
    assert page["place"].pk == community.pk and page["below"] == "网格"
    grid = page["parts"][0]
    inside_it = client.get(grid["url"]).context
    assert inside_it["place"].name == grid["name"] and inside_it["parts"] == []


def test_figures_are_those_of_the_viewers_scope(busy):
    assert figures_of(signed_in(people.stranger()), "/board/?board=community")["open_now"] == 1
    leader = people.someone(Role.LEADER, people.STREET)
    assert figures_of(signed_in(leader))["open_now"] == Case.objects.visible_to(leader).open().count()
    assert figures_of(signed_in(leader))["open_now"] < figures_of(signed_in(district_leader()))["open_now"]


def test_a_department_sees_its_own_work_and_nobody_elses(busy):
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    handler = User.objects.filter(
        posts__organization=case.unit, posts__role=Role.HANDLER, posts__ends_on=None
    )[0]
    client = signed_in(handler)
    page = client.get("/board/").context
    assert page["place"].pk == case.unit_id and page["board"].name == "unit"
    assert (
        page["cards"][0]["figure"].value
        == Case.objects.open().filter(unit=case.unit, state=State.HANDLING).count()
    )
    assert client.get(f"/board/?place={street_of(people.DISTRICT).pk}").status_code == 404


def test_a_place_out_of_sight_is_not_there(busy):
    client = signed_in(people.stranger())
    for words in (f"place={street_of(people.STREET).pk}", "place=999999", "grid=1"):
        assert client.get(f"/board/?{words}").status_code == 404, words
        assert client.get(f"/board/counted/?measure=open_now&{words}").status_code == 404, words


def test_a_rate_without_a_denominator_is_not_zero():
    found = figures_of(signed_in(district_leader()))
    assert found == {
        "open_now": 0,
        "overdue_now": 0,
        "reported": 0,
        "closed_in_time_rate": None,
        "base_rate": None,
    }
    assert "无数据" in signed_in(district_leader()).get("/board/").content.decode()


def test_a_small_base_shows_its_counts_and_neither_colour_nor_change(busy):
    page = signed_in(district_leader()).get("/board/").content.decode()
    assert "样本少，只看件数" in page


def test_who_has_no_duty_in_the_loop_is_told_so_and_sees_no_zeros():
    answer = signed_in(User.objects.get(username="xuncha")).get("/board/")
    assert answer.status_code == 200 and "不是数字为零" in answer.content.decode()
    assert "stat-number" not in answer.content.decode()


def test_what_is_late_is_named_the_longest_first_and_what_is_due_today_after_it(busy):
    page = signed_in(district_leader()).get("/board/").context
    assert page["late"] and all(case.due_at <= busy for case in page["late"])
    assert [case.due_at for case in page["late"]] == sorted(case.due_at for case in page["late"])
    assert all(case.due_at > busy for case in page["due"])


def test_it_says_whom_cases_wait_for_and_the_list_has_that_many(busy):
    client = signed_in(district_leader())
    waits = client.get("/board/").context["waits"]
    assert waits and sum(one.late for one in waits)
    for one in waits:
        assert client.get("/desk/", {"queue": "open", "waits": one.mark}).context["total"] == one.number, one


def test_a_supervision_order_waits_on_the_board_of_its_leader(busy):
    case = case_at(State.HANDLING, loop=Loop.DISTRICT)
    leader = district_leader()
    assert signed_in(leader).get("/board/mine/").context["orders"] == []
    sweep(now=case.due_at + dt.timedelta(minutes=1))
    while not case.supervisions.exists():
        sweep(now=case.legs.get(stopped_at=None).sweep_at)
    order = case.supervisions.get(accepted_at=None)
    waiting = signed_in(order.leader).get("/board/mine/").context["orders"]
    assert order.pk in [one.pk for one in waiting]
    assert [one.deadline for one in waiting] == sorted(one.deadline for one in waiting)


def test_nonsense_in_the_address_narrows_nothing(busy):
    client = signed_in(district_leader())
    whole = figures_of(client)
    assert figures_of(client, "/board/?street=x&loop=moon&kind=%27&show=hm&period=soon&compare=x") == whole


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("begin=2026-11-02&until=2026-11-01", "结束日期不能早于开始日期"),
        ("begin=2026-11-02", "请填写起止两个日期"),
        ("begin=2010-01-01&until=2026-11-01", "一次最多看十年"),
        ("begin=1990-01-01&until=1990-11-01", "只能看 2000 年到 2100 年之间的"),
    ],
)
def test_days_that_cannot_be_a_period_are_said_and_narrow_nothing(busy, words, sentence):
    answer = signed_in(district_leader()).get(f"/board/?{words}")
    assert sentence in answer.content.decode()
    assert answer.context["chosen"].period == Period.named("30", timezone.localdate())


def test_an_old_address_of_a_community_still_leads_there(busy):
    case = Case.objects.open().filter(community__isnull=False).order_by("pk")[0]
    page = signed_in(district_leader()).get(f"/board/?community={case.community_id}").context
    assert page["place"].pk == case.community_id


def test_nobody_sees_the_board_without_signing_in():
    assert Client().get("/board/").status_code == 302
