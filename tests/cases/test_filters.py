"""One set of filters: list, file, programs, map and board find the same cases under the same name and value."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cases.api import CaseFilter
from cases.filters import FILTERS, SEARCH, SETTLED_NAME, narrow
from cases.map import LIST_ZOOM, MapForm
from cases.models import Case, Leg
from cases.search import Search
from cases.workflow import Loop, State, Step
from dashboard.filters import BoardFilters
from desk.forms import FilterForm
from governance.models import User
from governance.roles import Role
from tests import people
from tests.lives import MORNING, case_at, reported

pytestmark = pytest.mark.django_db
NOW = MORNING + dt.timedelta(hours=2)


@pytest.fixture
def leader(time_machine) -> User:
    """Sees a few cases of which every filter finds some and leaves some."""
    for state, loop in (
        (State.REPORTED, Loop.COMMUNITY),
        (State.HANDLING, Loop.STREET),
        (State.DISPATCHED, Loop.DISTRICT),
        (State.CLOSED, Loop.STREET),
    ):
        case_at(state, loop=loop)
    reported(words="桥下积水", source=Case.Source.SELF)
    old = case_at(State.EVALUATED, now=MORNING - dt.timedelta(days=40))
    Case.objects.filter(pk=old.pk).update(was_late=True)
    Leg.objects.filter(case=old, step=Step.VERIFYING).update(is_far=True)
    Case.objects.filter(state=State.HANDLING).update(lateness="red", due_at=NOW + dt.timedelta(hours=1))
    Case.objects.filter(state=State.REPORTED).update(street=None, community=None)
    time_machine.move_to(NOW, tick=False)
    return people.someone(Role.LEADER, people.DISTRICT)


def values_of(name: str) -> list[Any]:
    """What is asked for under a name: all its choices, or what some case has."""
    if name != SEARCH and FILTERS[name].choices:
        return [value for value, _ in FILTERS[name].choices]
    case = Case.objects.get(state=State.HANDLING)
    return {
        "street": [case.street_id],
        "community": [case.community_id],
        "is_open": [True, False],
        "class_name": [case.category.class_name],
        "category": [case.category.name[:2], case.category.code],
        "category_id": [case.category_id],
        "waits": [case.waits_for[0], "tV@"],
        SEARCH: ["积水", case.number],
    }[name]


def answers(user: User, name: str, value: Any) -> Iterator[tuple[str, set[str]]]:
    """What each page that knows a filter finds: printed numbers of cases."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if name in FilterForm.base_fields:
        asked = {"queue": "all", name: value}
        yield "list", {row.number for row in client.get("/desk/", asked).context["cases"]}
        file = io.BytesIO(b"".join(client.get("/desk/export/", asked).streaming_content))
        with zipfile.ZipFile(file) as book:
            text = book.read("xl/worksheets/sheet1.xml").decode()
        yield "file", {case.number for case in Case.objects.all() if case.number in text}
    of_programs = {"category_id": "category", "category": ""}.get(name, name)
    if of_programs in CaseFilter.base_filters:
        asked = {of_programs: str(value).lower() if isinstance(value, bool) else value}
        found = client.get("/api/v1/cases/", asked).json()
        yield "programs", {row["number"] for row in found["results"]}


def numbers(cases) -> set[str]:
    return {case.number for case in cases}


@pytest.mark.parametrize("name", [*FILTERS, SEARCH])
def test_a_filter_finds_the_same_cases_wherever_it_is_asked(leader, name):
    visible = Case.objects.visible_to(leader)
    finds = []
    for value in values_of(name):
        searched = Case.objects.filter(pk__in=Search(visible, value).numbers()) if name == SEARCH else None
        wanted = narrow(visible, {name: value}, NOW) if searched is None else searched
        finds.append(wanted.count())
        for where, found in answers(leader, name, value):
            assert found == numbers(wanted), (where, value)
    assert any(0 < found < visible.count() for found in finds), "nothing is told apart"


@pytest.mark.parametrize("name", [name for name in MapForm.base_fields if name in FILTERS])
def test_the_map_shows_what_is_open_of_a_list(leader, name):
    client = Client()
    client.force_login(leader, backend="django.contrib.auth.backends.ModelBackend")
    visible = Case.objects.visible_to(leader)
    choices = [value for value, _ in getattr(MapForm.base_fields[name], "choices", ())]
    for value in choices or values_of(name):
        asked = {"box": "102.6,24.9,103.1,25.5", "zoom": LIST_ZOOM, name: value}
        shown = {point["uuid"] for point in client.get("/map/cases.json", asked).json()["cases"]}
        open_or_settled = visible if value == SETTLED_NAME else visible.open()
        assert shown == {str(case.uuid) for case in narrow(open_or_settled, {name: value}, NOW)}, value


#: Filters of the board that narrow what stands now, under the names of the lists.
OF_BOARDS = ("loop", "kind", "source")


@pytest.mark.parametrize("name", OF_BOARDS)
def test_the_board_counts_what_is_open_of_a_list(leader, name):
    client = Client()
    client.force_login(leader, backend="django.contrib.auth.backends.ModelBackend")
    for value in [value for value, _ in BoardFilters.base_fields[name].choices if value]:
        open_now = client.get("/board/", {name: value}).context["cards"][0]["figure"]
        found = narrow(Case.objects.visible_to(leader).open(), {name: value}, NOW)
        assert open_now.value == found.count(), value


def test_no_page_has_a_filter_of_its_own():
    looked_at = {"queue", "box", "zoom", SEARCH}  # what is looked at or for, not what it is narrowed to
    for form in (FilterForm, MapForm):
        assert set(form.base_fields) - looked_at <= set(FILTERS), form
    assert set(CaseFilter.base_filters) - {"waits_for", SEARCH} <= set(FILTERS), "the queue of programs"
