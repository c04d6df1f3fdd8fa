"""The map answers in two statements, within the scope of the viewer, and never with more than it can draw."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.filters import SETTLED_DAYS
from cases.map import MOST_CELLS, Cells, features
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import User
from governance.roles import Role
from grid.datum import MapDatum, from_wgs84
from tests import people
from tests.lives import MORNING, case_at, inside, reported, settled_by

pytestmark = pytest.mark.django_db

#: The whole district, and a box far away from it (degrees, WGS-84).
DISTRICT = (102.6, 25.0, 103.1, 25.5)
ELSEWHERE = (116.0, 39.0, 117.0, 40.0)


def seen_by(user: User, **filters) -> dict:
    box, zoom = filters.pop("box", DISTRICT), filters.pop("zoom", 11)
    now = filters.pop("now", MORNING + dt.timedelta(hours=1))
    return features(Case.objects.visible_to(user), box=box, zoom=zoom, filters=filters, now=now)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def get(client: User | Client, path: str = "/map/cases.json", headers: dict | None = None, **asked):
    client = client if isinstance(client, Client) else signed_in(client)
    return client.get(path, {"box": "102.6,25.0,103.1,25.5", "zoom": 11, **asked}, headers=headers)


def test_two_cases_of_one_cell_become_a_cluster_with_its_colours():
    reported()
    case_at(State.HANDLING)
    answer = seen_by(people.clerk())
    assert answer["total"] == 2 and answer["cases"] == []
    assert answer["clusters"][0] | {"at": None} == {"at": None, "count": 2, "waiting": 1, "working": 1}


def test_a_case_alone_in_its_cell_is_shown_itself():
    case = reported()
    point = seen_by(people.clerk())["cases"][0]
    assert point["uuid"] == str(case.uuid)
    assert (point["state"], point["tone"], point["lateness"]) == ("reported", "waiting", "none")
    assert point["at"] == [round(case.longitude, 5), round(case.latitude, 5)]


def test_cells_are_about_64_pixels_at_every_zoom():
    for zoom in (8, 12, 16, 20):
        world = 256 * 2**zoom
        assert 2 ** Cells.of((102.7, 25.04, 102.701, 25.041), zoom).shift / 2**22 * world == 64


def test_a_greedy_box_gets_coarser_cells():
    cells = Cells.of(DISTRICT, 19)
    columns = (cells.east >> cells.shift) - (cells.west >> cells.shift) + 1
    rows = (cells.south >> cells.shift) - (cells.north >> cells.shift) + 1
    assert columns * rows <= MOST_CELLS


def test_cases_of_one_spot_are_listed_at_the_last_zoom():
    first, second = reported(), case_at(State.HANDLING)
    longitude, latitude = inside()
    spot = (longitude - 0.0002, latitude - 0.0002, longitude + 0.0002, latitude + 0.0002)
    listed = seen_by(people.clerk(), box=spot, zoom=22)
    assert {point["uuid"] for point in listed["cases"]} == {str(first.uuid), str(second.uuid)}
    assert listed["clusters"] == []


def test_a_box_elsewhere_is_empty():
    reported()
    assert seen_by(people.clerk(), box=ELSEWHERE) == {"total": 0, "clusters": [], "cases": []}


def test_the_map_shows_what_the_viewer_may_see_and_nothing_else():
    reported()
    leader = people.someone(Role.LEADER, people.DISTRICT)
    assert seen_by(leader)["total"] == 1
    assert seen_by(people.stranger())["total"] == 0


def test_filters_narrow_the_map():
    case = reported()
    reported(loop=Loop.STREET)
    leader = people.someone(Role.LEADER, people.DISTRICT)
    assert seen_by(leader)["total"] == 2
    assert seen_by(leader, loop=Loop.STREET)["total"] == 1
    assert seen_by(leader, state=State.REPORTED)["total"] == 2
    assert seen_by(leader, state=State.HANDLING)["total"] == 0
    assert seen_by(leader, street=case.street_id)["total"] == 2
    assert seen_by(leader, street=case.community_id)["total"] == 0
    assert seen_by(leader, lateness="red")["total"] == 0
    same_kind = settled_by(Loop.COMMUNITY).kind == settled_by(Loop.STREET).kind
    assert seen_by(leader, kind=case.category.kind)["total"] == (2 if same_kind else 1)
    assert seen_by(leader, class_name=case.category.class_name)["total"] >= 1
    assert seen_by(leader, class_name="没有这一类")["total"] == 0


def test_settled_cases_stay_on_the_map_for_a_week():
    closed = case_at(State.CLOSED)
    clerk = people.clerk()
    assert seen_by(clerk)["total"] == 0
    assert seen_by(clerk, state="settled")["cases"][0]["tone"] == "settled"
    later = closed.closed_at + dt.timedelta(days=SETTLED_DAYS, minutes=1)
    assert seen_by(clerk, state="settled", now=later)["total"] == 0


def test_the_map_costs_two_statements_above_the_floor():
    reported()
    case_at(State.HANDLING)
    case = reported(loop=Loop.STREET, position=inside(f"{people.ELSEWHERE}001"))
    leader = signed_in(people.someone(Role.LEADER, people.DISTRICT))
    for filters in ({}, {"kind": case.category.kind, "street": case.street_id}, {"state": "settled"}):
        with CaptureQueriesContext(connection) as captured:
            assert get(leader, **filters).status_code == 200
        floor = 3  # session, user, posts
        assert len(captured) <= floor + 2, [query["sql"][:80] for query in captured]


def test_programs_get_the_same_answer():
    reported()
    page, api = get(people.clerk()), get(people.clerk(), "/api/v1/map/")
    assert json.loads(page.content) == api.json()
    assert page["Cache-Control"] == "no-store"


@pytest.mark.parametrize("datum", MapDatum.values)
def test_a_program_asks_and_is_answered_in_the_datum_of_its_own_map(datum):
    case = reported()
    here = from_wgs84(case.longitude, case.latitude, datum)
    around = ",".join(
        str(degrees) for degrees in (here[0] - 1e-4, here[1] - 1e-4, here[0] + 1e-4, here[1] + 1e-4)
    )
    clerk = signed_in(people.clerk())
    point = get(clerk, "/api/v1/map/", box=around, zoom=19, datum=datum).json()["cases"][0]
    assert (point["uuid"], point["at"]) == (str(case.uuid), pytest.approx(here, abs=2e-5))
    others = set(MapDatum.values) - {datum}
    assert all(
        get(clerk, "/api/v1/map/", box=around, zoom=19, datum=one).json()["total"] == 0 for one in others
    )
    assert get(clerk, "/api/v1/map/", datum="xian80").status_code == 400


def test_a_question_that_makes_no_sense_is_answered_with_a_sentence():
    for wrong in (
        {"box": "1,2,3"},
        {"box": "103,25,102,26"},
        {"box": "x,y,z,w"},
        {"zoom": "-1"},
        {"loop": "moon"},
    ):
        for path in ("/map/cases.json", "/api/v1/map/"):
            answer = get(people.clerk(), path, **wrong)
            assert answer.status_code == 400, (path, wrong)
            assert next(iter(answer.json().values()))[0]


def test_nobody_sees_the_map_without_signing_in():
    assert Client().get("/map/cases.json", {"box": "1,1,2,2", "zoom": 3}).status_code == 401
    assert Client().get("/map/areas.json", {"zoom": 3}).status_code == 401
    assert Client().get("/api/v1/map/", {"box": "1,1,2,2", "zoom": 3}).status_code == 401


def test_outlines_grow_finer_with_the_zoom_and_say_that_they_are_illustrative():
    answer = get(people.clerk(), "/map/areas.json").json()
    levels = [area["level"] for area in answer["areas"]]
    assert (levels.count("district"), levels.count("street"), levels.count("community")) == (1, 12, 0)
    assert answer["illustrative"] and "示意" in answer["note"]
    longitude, latitude = inside()
    near = f"{longitude - 0.005},{latitude - 0.005},{longitude + 0.005},{latitude + 0.005}"
    levels = [a["level"] for a in get(people.clerk(), "/map/areas.json", zoom=16, box=near).json()["areas"]]
    assert 0 < levels.count("community") < 105 and 0 < levels.count("grid") < 620


def test_outlines_are_asked_for_again_by_their_fingerprint():
    first = get(people.clerk(), "/map/areas.json")
    again = get(people.clerk(), "/map/areas.json", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
