"""Behind every number: what it means, and the list of exactly what it counts, whatever kind of record that is."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.catalogue import counters, every_measure
from appraisal.models import DenominatorChoice
from appraisal.tallying import tally
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Organization, User
from governance.roles import Role
from partybuilding.models import Whistle
from tests import people
from tests.dashboard.listing import listed
from tests.lives import MORNING, case_at
from tests.partybuilding.blowing import blown

pytestmark = pytest.mark.django_db
COUNTED, RATE = "/board/counted/", "closed_in_time_rate"


def signed_in(user: User | None = None) -> Client:
    client = Client()
    client.force_login(
        user or people.someone(Role.LEADER, people.DISTRICT),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def of(client: Client, words: str) -> list:
    """The lines of the list that these words ask for."""
    return listed(client, f"{COUNTED}?{words}")


def test_what_counts_whistles_lists_whistles_and_no_cases(time_machine):
    whistle = blown()
    time_machine.move_to(whistle.blown_at + dt.timedelta(hours=1), tick=False)
    (line,) = of(signed_in(), "measure=whistles_blown")
    assert line.record.number == whistle.number and line.record.address.startswith("/party/")
    assert len(of(signed_in(), "measure=whistles_open_now")) == Whistle.objects.open().count() == 1


@pytest.mark.parametrize("part", ["numerator", "denominator"])
def test_every_measure_has_a_list_of_as_many_rows_as_it_counts(time_machine, part):
    blown()
    case_at(State.CLOSED)
    case_at(State.EVALUATED, loop=Loop.DISTRICT)
    time_machine.move_to(MORNING + dt.timedelta(hours=5), tick=False)
    client, tried = signed_in(), 0
    for key, measure in every_measure().items():
        answer = client.get(f"{COUNTED}?measure={key}&part={part}")
        formula = measure.numerator if part == "numerator" else measure.denominator
        has_rows = formula is not None and bool(formula.counters)
        assert answer.status_code == (200 if has_rows else 404), key
        if has_rows and answer.context["found"].part.is_number_of_rows:
            figure = client.get(f"/board/measures/{key}/").context["figure"]
            lines = of(client, f"measure={key}&part={part}")
            assert len(lines) == getattr(figure, part), key
            assert all(line.record for line in lines), key
            tried += bool(lines)
        elif has_rows:
            assert "不等于条数" in answer.content.decode(), key
    assert tried > 15


def test_several_stocks_are_one_list_without_a_row_twice_or_lost(monkeypatch, time_machine):
    monkeypatch.setattr("dashboard.views.counted.PAGE", 2)
    for state in (State.REPORTED, State.REGISTERED, State.DISPATCHED, State.HANDLING, State.HANDLED):
        case_at(state)
    time_machine.move_to(MORNING + dt.timedelta(hours=1), tick=False)
    lines = of(signed_in(), "measure=open_now")
    assert len(lines) == Case.objects.open().count() == len({line.record.number for line in lines})


def test_the_denominator_that_a_district_chose_is_used_by_card_list_and_passport(time_machine):
    case_at(State.CLOSED)
    time_machine.move_to(MORNING + dt.timedelta(hours=5), tick=False)
    other = every_measure()[RATE].alternatives[0]
    client = signed_in()
    assert other.words not in client.get(f"/board/measures/{RATE}/").content.decode()
    DenominatorChoice.objects.create(
        district=Organization.objects.get(code=people.DISTRICT),
        measure=RATE,
        alternative=other.name,
        valid_from=timezone.localdate() - dt.timedelta(days=3),
        basis="区考核办法第 7 条",
        set_by=people.someone(Role.SYSTEM_ADMIN, people.DISTRICT),
        set_at=timezone.now(),
    )
    passport = client.get(f"/board/measures/{RATE}/")
    page = passport.content.decode()
    assert passport.context["denominator"].words == other.words
    assert "本期用过的口径" in page and "区考核办法第 7 条" in page and len(passport.context["sections"]) == 2
    answer = client.get(f"{COUNTED}?measure={RATE}&part=denominator").context
    assert answer["found"].part.words == other.words
    assert set(answer["found"].part.formula.counters) == other.denominator.counters <= counters().keys()
    (card,) = [one for one in client.get("/board/").context["cards"] if one["measure"].key == RATE]
    assert (card["figure"].denominator or 0) == answer["paged"].total


@pytest.mark.parametrize("address", ["/board/", COUNTED, "/board/measures/", f"/board/measures/{RATE}/"])
@pytest.mark.parametrize(
    "words",
    [
        "category=9223372036854775808",
        "category=99999999999999999999999999",
        "unit=9223372036854775807",
        "category=１２",
        "begin=0001-01-01&until=0001-01-02",
        "begin=9999-12-30&until=9999-12-31",
        "begin=2000-01-01&until=2000-01-01&compare=year",
        "begin=2100-12-31&until=2100-12-31&compare=before",
        "begin=二〇二六&until=2026-13-40",
        "period=none&compare=never&loop=%F0%9F%98%80&kind=&source=%2500",
        "page=99999999999999999999&part=numerator",
        "page=-1&board=%22%3E",
        "place=&grid=&unit=",
    ],
)
def test_odd_words_in_an_address_break_nothing(address, words):
    answer = signed_in().get(f"{address}?measure=open_now&{words}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "words", ["place=9223372036854775807", "place=1&grid=9223372036854775807", "community=999"]
)
def test_a_place_that_is_not_there_is_404(words):
    assert signed_in().get(f"/board/?{words}").status_code == 404


@pytest.mark.parametrize(
    "words", ["measure=nothing", "measure=", "measure=open_now&part=whole", "measure=response_rate"]
)
def test_a_list_that_is_not_there_is_404(words):
    assert signed_in().get(f"{COUNTED}?{words}").status_code == 404


def test_without_scripts_what_waits_for_a_leader_is_a_page():
    client = signed_in()
    assert "<h1>" in client.get("/board/mine/").content.decode()
    assert "<h1>" not in client.get("/board/mine/", headers={"HX-Request": "true"}).content.decode()


def test_the_passport_costs_a_fixed_number_of_statements(time_machine):
    case_at(State.CLOSED)
    time_machine.move_to(MORNING + dt.timedelta(hours=5), tick=False)
    tally(now=timezone.now())
    client = signed_in()
    client.get("/board/")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/board/measures/{RATE}/")
    # Session, user, posts; places, denominators twice, counts, what is excluded, what waits, when it was counted, unread notices.
    assert len(captured) <= 3 + 8, [query["sql"][:90] for query in captured]
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{COUNTED}?measure=closed")
    assert len(captured) <= 3 + 6, [query["sql"][:90] for query in captured]
