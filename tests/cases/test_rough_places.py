"""A report from where there was neither signal nor position: marked, and corrected by who knows the place."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import Forbidden, Refused, Unfit
from cases.models import Case
from cases.rules import offers
from cases.situations import Situation
from cases.workflow import Loop, PositionSource
from governance.models import By
from governance.roles import Role
from grid.models import Grid, GridDuty
from grid.tiles import tile
from tests import people
from tests.lives import MORNING, fresh, inside, reported, settled_by

pytestmark = pytest.mark.django_db
ROUGH = [PositionSource.GRID, PositionSource.LAST_FIX]


def rough(source: str = PositionSource.GRID, **given: Any) -> Case:
    return reported(position_source=source, **given)


def correct(case: Case, by: By, **given: Any) -> Case:
    given.setdefault("position", inside())
    actions.DOOR.perform(case.uuid, "correct_position", by=by, now=MORNING, key=uuid.uuid4(), given=given)
    return fresh(case)


def offered(case: Case, by: By) -> bool:
    situation = Situation(case, by, timezone.now(), leg=case.legs.get(stopped_at=None))
    return any(one.move.name == "correct_position" for one in offers(situation) if one.is_allowed)


def somewhere_else() -> list[float]:
    """A point in another grid of the same community."""
    other = Grid.objects.filter(community__code=people.COMMUNITY).order_by("code")[1]
    return inside(other.code)


@pytest.mark.parametrize("source", ROUGH)
def test_a_rough_place_is_marked_on_the_case_until_it_is_corrected(source):
    case = rough(source)
    client = Client()
    client.force_login(people.worker())
    assert case.is_place_rough and "位置待补" in client.get(f"/cases/{case.uuid}/").content.decode()
    case = correct(case, people.worker(), position=somewhere_else(), position_source="device")
    assert not case.is_place_rough and case.position_source == PositionSource.DEVICE
    page = client.get(f"/cases/{case.uuid}/").content.decode()
    assert "与原来的大概位置相距" in page and "只是大概位置" not in page


@pytest.mark.parametrize("source", ["", "device", "pin"])
def test_a_place_that_somebody_stood_at_or_pinned_needs_nothing(source):
    case = reported(position_source=source) if source else reported()
    assert not case.is_place_rough and not offered(case, people.worker())
    with pytest.raises(Refused, match="不用补"):
        correct(case, people.worker())


def test_the_correction_moves_the_case_and_its_grid_and_leaves_its_clock_alone():
    case = rough()
    due, place = case.due_at, somewhere_else()
    case = correct(case, people.worker(), position=place)
    assert [case.longitude, case.latitude] == place and (case.tile_x, case.tile_y) == tile(*place)
    assert case.grid == Grid.objects.containing(*place).get() != Grid.objects.containing(*inside()).get()
    assert (case.due_at, case.state, case.position_source) == (due, "reported", PositionSource.PIN)


def test_it_is_corrected_by_its_reporter_who_covers_the_grid_and_the_desk_and_nobody_else():
    reporter = people.someone(Role.VOLUNTEER, people.COMMUNITY)
    case = rough(by=reporter)
    covers = GridDuty.objects.current(timezone.localdate()).filter(grid=case.grid).first().user
    for who in (reporter, covers, people.clerk()):
        assert offered(case, who)
    leader = people.someone(Role.LEADER, people.DISTRICT)
    assert not offered(case, leader)
    with pytest.raises(Forbidden):
        correct(case, leader)
    assert not correct(case, covers).is_place_rough


def test_a_place_out_of_the_territory_that_commands_the_case_is_refused_in_words():
    case = rough()
    elsewhere = Grid.objects.exclude(community__code=people.COMMUNITY).order_by("code").first()
    with pytest.raises(Unfit, match="不在办理这件案件的社区内") as refused:
        correct(case, people.worker(), position=inside(elsewhere.code))
    assert refused.value.field == "position" and fresh(case).version == case.version


def test_a_rough_place_is_not_corrected_by_another_rough_one():
    with pytest.raises(Unfit, match="请用手机定位"):
        correct(rough(), people.worker(), position_source="grid")


@pytest.mark.parametrize(("told", "kept"), [("grid", "grid"), ("nowhere", ""), ("", "")])
def test_the_phone_says_where_its_position_came_from_and_no_word_refuses_a_report(told, kept):
    client, (longitude, latitude) = Client(), inside()
    client.force_login(people.worker())
    body = {
        "key": str(uuid.uuid4()),
        "position_longitude": longitude,
        "position_latitude": latitude,
        "position_source": told,
        "category": settled_by(Loop.COMMUNITY).pk,
        "words": "地下车库积水",
        "nearby_seen": "1",
    }
    assert client.post("/field/report/", body).status_code == 302
    assert Case.objects.get(uuid=body["key"]).position_source == kept
