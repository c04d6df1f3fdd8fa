"""Pages of places and units: what they are, who answers for them, what is missing, whom they are compared with."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.peers import peers_of
from cases.models import Responsibility
from governance.models import CommunityKind, Level, Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty
from tests import people
from tests.access import WHO
from tests.cases.walks import appoint, vacate

pytestmark = pytest.mark.django_db

FLOOR = 3  # session, user, posts
UNIT = f"{people.DISTRICT}-urban_management"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def leader() -> Client:
    return signed_in(people.someone(Role.LEADER, people.DISTRICT))


def place(code: str = people.COMMUNITY) -> Organization:
    return Organization.objects.get(code=code)


def address(code: str = people.COMMUNITY) -> str:
    return f"/board/places/{place(code).pk}/"


def page(code: str = people.COMMUNITY, by: Client | None = None) -> str:
    answer = (by or leader()).get(address(code))
    assert answer.status_code == 200
    return answer.content.decode()


def context(code: str = people.COMMUNITY) -> dict:
    return leader().get(address(code)).context


def test_a_community_says_what_it_is_and_since_when():
    shown = page()
    for words in (
        "尚义社区",
        "商圈楼宇型",
        "2024-01-01 起",
        "拓东街道",
        "中共拓东街道尚义社区委员会",
        "演示虚构：",
    ):
        assert words in shown
    assert f'href="/board/places/{place(people.STREET).pk}/"' in shown


def test_the_kind_shown_is_that_of_today_and_earlier_ones_stay_below_it():
    shown = context("530103005002")
    assert shown["kind"].get_kind_display() == "普通商品住宅型"
    assert [row.kind for row in shown["kinds"]] == ["estate", "urban_fringe"]
    assert "2024-01-01 起，至 2026-06-01" in page("530103005002")


def test_a_kind_that_begins_later_is_not_that_of_today():
    row = CommunityKind.objects.get(organization=place())
    CommunityKind.objects.filter(pk=row.pk).update(valid_from=timezone.localdate() + dt.timedelta(days=1))
    shown = context()
    assert shown["kind"] is None and not shown["peers"] and shown["missing"] == ["未定社区类型：尚义社区"]


def test_peers_are_all_communities_of_the_same_kind_and_lead_to_their_pages_where_one_may_open_them():
    shown = context()
    named = [(one.name, is_open) for _, there in shown["peers"] for one, is_open in there]
    peers = peers_of(place(), timezone.localdate())
    assert sorted(name for name, _ in named) == sorted(peers.values_list("name", flat=True))
    assert shown["peer_count"] == len(named) > 2 and all(is_open for _, is_open in named)
    of_clerk = signed_in(people.clerk()).get(address()).context["peers"]
    assert {is_open for _, there in of_clerk for _, is_open in there} == {False}


def test_who_answers_for_it_is_named_and_who_has_left_is_not():
    secretary = people.someone(Role.SECRETARY, people.COMMUNITY)
    assert secretary.name in page() and people.clerk().name in page()
    User.objects.filter(pk=secretary.pk).update(is_active=False)
    shown = context()
    assert shown["people"][Role.SECRETARY] == [] and "书记岗位空缺" in shown["missing"]


def test_every_grid_names_who_covers_it_and_what_it_lacks():
    grids = Grid.objects.filter(community=place()).order_by("code")
    duties = GridDuty.objects.filter(grid=grids[0], duty="worker")
    worker = duties.get().user
    shown = context()
    assert shown["grid_count"] == len(grids) == len(shown["grids"])
    assert shown["grids"][0].people["worker"] == [worker.name] and shown["missing"] == []
    duties.update(ends_on=timezone.localdate())
    shown = context()
    assert shown["grids"][0].people["worker"] == [] and shown["missing"] == [
        "1 个网格缺社区网格员（第1网格）"
    ]


def test_its_numbers_lead_to_its_board_and_its_cases():
    shown, pk = page(), place().pk
    assert f'href="/board/?place={pk}"' in shown
    assert f'href="/desk/?queue=open&amp;community={pk}"' in shown
    assert f'href="/desk/gaps/?street={place(people.STREET).pk}"' in shown
    answer = leader().get(f"/board/?place={pk}")
    assert answer.context["place"].name == "尚义社区"


@pytest.mark.parametrize("code", [people.STREET, people.DISTRICT])
def test_a_street_and_a_district_list_their_communities_by_kind(code):
    shown = context(code)
    listed = [one.code for _, there in shown["by_kind"] for one in there]
    below = Organization.objects.territories(Level.COMMUNITY).under(place(code))
    assert sorted(listed) == sorted(below.values_list("code", flat=True))
    assert shown["grid_count"] == Grid.objects.filter(community__in=below).count()
    for label, there in shown["by_kind"]:
        rows = CommunityKind.objects.as_of(timezone.localdate()).filter(organization__in=there)
        assert {row.get_kind_display() for row in rows} == {label} and len(rows) == len(there)


def test_a_district_leads_to_its_streets():
    streets = {street.name: number for street, number in context(people.DISTRICT)["streets"]}
    assert len(streets) == 12 and streets["拓东街道"] == 5 and sum(streets.values()) == 105
    assert context(people.STREET)["streets"] == []


def test_a_place_that_sorts_no_communities_shows_them_without_kinds(settings):
    settings.PLACE = "zhicheng"
    street = context(people.STREET)
    assert [label for label, _ in street["by_kind"]] == ["社区"] and "未定" not in "".join(street["missing"])
    assert "社区类型" not in page() and "同类社区" not in page()


def test_a_street_names_what_is_missing_in_it():
    CommunityKind.objects.filter(organization=place()).update(valid_until=timezone.localdate())
    vacate(Role.DISPATCHER, people.STREET)
    shown = context(people.STREET)
    lacking = Grid.objects.filter(community__parent=place(people.STREET)).with_gaps(timezone.localdate())
    without_worker = lacking.filter(lacks_worker=True).count()
    assert shown["missing"][:2] == ["派遣员岗位空缺", "未定社区类型：尚义社区"]
    assert ("缺社区网格员" in "".join(shown["missing"])) == bool(without_worker)
    label, there = shown["by_kind"][-1]
    assert (label, [one.name for one in there]) == ("未定类型", ["尚义社区"])


def test_who_acts_for_a_vacant_post_is_said_to():
    assert re.search(r"（代理）", page("530103011"))


def test_a_unit_says_what_it_answers_for_and_who_does():
    shown = context(UNIT)
    rows = Responsibility.objects.current().filter(loop="district", power="settle")
    assert len(shown["leads"]) == rows.filter(lead="urban_management").count() > 0
    assert (
        len(shown["helps"])
        == rows.filter(helpers__contains=["urban_management"]).exclude(lead="urban_management").count()
    )
    named = {name for one in shown["classes"] for name in one["leads"]}
    assert named == set(rows.filter(lead="urban_management").values_list("category__name", flat=True))
    head = people.someone(Role.UNIT_HEAD, UNIT)
    assert head.name in page(UNIT)
    Post.objects.filter(user=head).update(ends_on=timezone.localdate())
    assert context(UNIT)["missing"] == ["单位负责人岗位空缺"]


def test_a_courtyard_names_its_leader():
    courtyard = Organization.objects.territories(Level.COURTYARD).order_by("path").first()
    assert people.someone(Role.COURTYARD_LEADER, courtyard.code).name in page(courtyard.code)


def test_a_place_that_is_no_more_says_so():
    Organization.objects.filter(code=people.COMMUNITY).update(active_until=dt.date(2026, 1, 1))
    assert "2026-01-01 起撤销" in page()


def test_whose_page_a_person_opens_is_said_alike_of_one_and_of_all():
    every = list(Organization.objects.all())
    for name, (role, code) in WHO.items():
        user = User.objects.create_user(f"test_{name}", name=name)
        appoint(user, role, code)
        seen = set(Organization.objects.visible_to(user).values_list("pk", flat=True))
        assert seen == {one.pk for one in every if user.authority.sees(one)}, name
    assert not Organization.objects.visible_to(User.objects.create_user("test_nobody", name="无岗")).exists()


@pytest.mark.parametrize(
    "code", ["530103001002", "530103012201", people.DISTRICT, UNIT, "530103001002-property"]
)
def test_a_clerk_opens_no_page_beside_or_above_the_own_community(code):
    client = signed_in(people.clerk())
    assert client.get(address()).status_code == 200
    assert client.get(address(code)).status_code == 404
    assert client.get("/board/places/999999999/").status_code == 404


@pytest.mark.parametrize("code", [people.COMMUNITY, "530103011201", people.STREET, people.DISTRICT, UNIT])
def test_a_page_costs_eight_statements_at_most(code):
    client, path = leader(), address(code)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    assert len(captured) <= FLOOR + 8, [query["sql"][:90] for query in captured]
