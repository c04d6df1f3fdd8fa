"""What each page of the board asks of the database: as many statements as stand here, over any period, on a full day."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.tallying import tally
from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Organization
from governance.roles import Role
from tests import lives, people
from tests.appraisal.excluding import excluded as exclude
from tests.appraisal.looks import looked_at
from tests.dashboard.test_board import signed_in

pytestmark = pytest.mark.django_db

NOW = lives.at(11, 18, 10)
FLOOR = 4  # session, user, posts, unread notices: on every page of the site
#: Of pages as data and of pieces that a page fetches, which show no head.
WITHOUT_HEAD = 3

#: Address → statements above the floor, and how many of them read the tallies.
PAGES = {
    # Places, denominators, figures, what is excluded, now twice (parts, whole), late and due, waits, units: figures and now.
    "/board/": (10, 2),
    "/board/?board=chief": (10, 2),
    "/board/?board=auditor": (10, 2),
    "/board/?place={street}": (10, 2),
    # Its grids, too; figures of the place and of its grids are in different tallies.
    "/board/?place={community}": (12, 3),
    # No table of parts, nor of units.
    "/board/?place={unit}": (7, 1),
    # Places, warnings, orders, numbers of modules.
    "/board/mine/": (4, 0),
    # Peers, denominators, their figures.
    "/board/mine/?place={street}": (7, 1),
    "/board/mine/?place={community}": (7, 1),
    # Places, denominators, days, hours, categories and their names, ages, peers.
    "/board/trends/": (8, 4),
    "/board/trends/?place={street}&measure=reported&step=week": (8, 4),
    # Of communities and units no tally tells hours and categories apart: they are counted from the rows.
    "/board/trends/?place={community}&loop=base": (9, 2),
    "/board/trends/?place={unit}": (7, 2),
    # Places, denominators, figures.
    "/board/map/": (3, 1),
    "/board/map/?measure=open_now": (3, 0),
    "/board/map/?measure=reported&month=2026-10": (2, 1),
    # Its grids, too; the street is told by another tally.
    "/board/map/?level=grid&place={street}": (5, 2),
    "/board/map/values.json?level=community": (3, 1),
    "/board/map/heat.json": (2, 0),
    # Places, denominators, figures of the period, of now.
    "/board/measures/": (4, 1),
    # Places, denominators, figures and months, what is excluded, sources, how far the tallies are, the last recount.
    "/board/measures/closed_in_time_rate/": (7, 2),
    "/board/measures/whistles_blown/": (5, 1),
    # What stands now, how far the tallies are.
    "/board/measures/open_now/": (3, 0),
    # Places, how many on each day, a page of them, what is shown of them.
    "/board/counted/?measure=reported": (4, 1),
    "/board/counted/?measure=open_now": (4, 0),
    "/board/counted/?measure=closed_in_time_rate&part=denominator": (5, 1),
    # Places, a page of them, what was said, their cases; of a rate its denominators and which cases it counts.
    "/board/exclusions/": (4, 0),
    "/board/exclusions/?measure=closed_in_time_rate": (6, 0),
    # Places, how far the look has come, a page of what it found; of repeats their cases; of reports events and workers.
    "/board/warnings/": (3, 0),
    "/board/warnings/?show=past": (3, 0),
    "/board/repeats/": (4, 0),
    "/board/missed/": (5, 0),
    "/board/missed/?show=confirmed": (3, 0),
}
#: Of figures of any period, however long.
MOST_OF_TALLIES = 5


@pytest.fixture
def full(time_machine) -> dict[str, int]:
    """Something on every page, all of it counted; places to ask by."""
    looked_at(NOW)
    lives.case_at(State.HANDLING, loop=Loop.STREET)
    lives.case_at(State.EVALUATED, loop=Loop.DISTRICT)
    late = lives.case_at(State.DISPATCHED, now=NOW - dt.timedelta(days=20))
    sweep(now=late.due_at + dt.timedelta(minutes=1))
    exclude(Case.objects.get(loop=Loop.DISTRICT), now=NOW)
    time_machine.move_to(NOW, tick=False)
    tally(now=NOW)
    codes = {"street": people.STREET, "community": people.COMMUNITY}
    places = {name: Organization.objects.get(code=code).pk for name, code in codes.items()}
    return places | {"unit": Case.objects.exclude(unit=None).filter(rounds__gt=0)[0].unit_id}


@pytest.mark.parametrize("period", ["", "period=year&compare=year"])
def test_pages_ask_exactly_this(full, period):
    client = signed_in(people.someone(Role.LEADER, people.DISTRICT))
    client.get("/board/")
    found = {}
    for page in PAGES:
        address = page.format(**full)
        address += f"{'&' if '?' in page else '?'}{period}" if period else ""
        client.get(address)  # outlines are kept
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200, address
        floor = WITHOUT_HEAD if ".json" in page else FLOOR
        tallies = sum("appraisal_tally t" in one["sql"] for one in captured)
        found[page] = (len(captured) - floor, tallies)
    assert found == PAGES
    assert all(tallies <= MOST_OF_TALLIES for _, tallies in PAGES.values())
