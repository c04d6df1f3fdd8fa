"""Who sees which case: one scope, derived from the posts of today at every request."""

import datetime as dt
import io
import uuid
import zipfile

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from cases.models import Case
from cases.workflow import Loop, State
from demo.accounts import COMMUNITY, DISTRICT, STREET
from governance.models import Organization, Post, User
from governance.roles import Role
from grid.models import GridDuty
from tests import people
from tests.access import ENDPOINTS
from tests.cases.walks import appoint
from tests.lives import MORNING, hands, inside, reported, settled_by, walk
from tests.photos import photo
from tests.scale import tries

pytestmark = pytest.mark.django_db
SIBLING, FAR_DISTRICT = "530103001002", "530102"
PROMISE = "nobody sees a case of others"
#: A day's run takes every third person, CI and the full run take all.
SOME = tries(3, full=1)
OF_ONE_CASE = [one for one in ENDPOINTS if "{case}" in one.path or "{photo}" in one.path]
BOX = "west=97&south=21&east=107&north=30&box=97,21,107,30&zoom=22"
LISTS = (
    "/desk/", "/desk/?queue=all", "/desk/?queue=all&q=%E6%97%A7%E5%AE%B6%E5%85%B7", "/desk/export/?queue=all", "/board/",
    "/field/", "/field/near/", "/field/near/?lon=102.73&lat=25.04", "/field/?tab=mine", "/field/?q=000", "/api/v1/cases/", f"/api/v1/map/?{BOX}", f"/map/cases.json?{BOX}",
    "/inbox/", "/field/nearby/?lon=102.73&lat=25.04", "/desk/phone/",
)  # fmt: skip

# fmt: off
#: role → where the post is → which of the four cases are seen
SEES: dict[Role, list[tuple[str, set[str]]]] = {
    Role.GRID_WORKER:      [(COMMUNITY, {"own"})],
    Role.SUPERVISOR:       [(STREET, {"own", "sibling"})],
    Role.CLERK:            [(COMMUNITY, {"own"}), (SIBLING, {"sibling"})],
    Role.COMMUNITY_WORKER: [(COMMUNITY, {"own"})],
    Role.ACCEPTOR:         [(STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.DUTY_CHIEF:       [(STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.DISPATCHER:       [(STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.LEADER:           [(STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"}), (FAR_DISTRICT, {"district"})],
    Role.DEPUTY_LEADER:    [(STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.SECRETARY:        [(COMMUNITY, {"own"}), (STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.DEPUTY_SECRETARY: [(COMMUNITY, {"own"}), (STREET, {"own", "sibling"}), (DISTRICT, {"own", "sibling", "street"})],
    Role.AUDITOR:          [(DISTRICT, {"own", "sibling", "street"})],
    # These see what they are asked to do, and nothing else.
    Role.INSPECTOR:        [(DISTRICT, set())],
    Role.HANDLER:          [(f"{COMMUNITY}-property", set()), (f"{STREET}-street_enforcement", set()), (f"{DISTRICT}-urban_management", set())],
    Role.UNIT_HEAD:        [(f"{DISTRICT}-urban_management", set())],
    Role.LIAISON:          [(f"{STREET}-street_enforcement", set()), (f"{DISTRICT}-urban_management", set())],
    Role.VOLUNTEER:        [(COMMUNITY, set())],
    Role.COURTYARD_LEADER: [(COMMUNITY, set())],
    Role.BUILDING_LEADER:  [(COMMUNITY, set())],
    Role.SYSTEM_ADMIN:     [(DISTRICT, set())],
    Role.SECURITY_ADMIN:   [(DISTRICT, set())],
}
# fmt: on


@pytest.fixture
def cases() -> dict[str, Case]:
    """One case at the stage, one in a sibling community, one in another street, one in another district."""
    by_name = {}
    for name, community in (("own", COMMUNITY), ("sibling", SIBLING), ("street", people.ELSEWHERE)):
        by = people.someone(Role.GRID_WORKER, community)
        by_name[name] = reported(
            by=by, position=inside(f"{community}001"), photos=[photo(by=by, now=MORNING)]
        )
    Organization.objects.create(code=FAR_DISTRICT, name="五华区", level=1)
    far = User.objects.create_user("test_wuhua", name="五华区领导")
    appoint(far, Role.LEADER, FAR_DISTRICT)
    picture = photo(by=far, now=MORNING)
    by_name["district"] = reported(by=far, loop=Loop.DISTRICT, position=[103.5, 25.5], photos=[picture])
    return by_name


def newcomer(role: Role, place: str) -> User:
    """Somebody with this post alone and no part in any case."""
    user = User.objects.create_user(f"test_{role}_{place}", name="新来的人")
    appoint(user, role, place)
    return user


def test_every_role_is_in_the_matrix():
    assert set(SEES) == set(Role)


@pytest.mark.trust
def test_every_role_sees_its_own_and_nothing_of_others_on_lists_and_pages(cases, promise):
    tried = 0
    for role, places in SEES.items():
        for place, expected in places:
            user = newcomer(role, place)
            seen = {name for name, case in cases.items() if Case.objects.visible_to(user).filter(pk=case.pk)}
            assert seen == expected, (role, place)
            client = Client()
            client.force_login(user)
            for name, case in cases.items():
                answer = client.get(f"/cases/{case.uuid}/moves/comment/")
                assert answer.status_code == (200 if name in expected else 404), (role, place, name)
                tried += 1
    promise(PROMISE, tried=tried, held=tried)


@pytest.mark.trust
def test_no_address_tells_of_a_case_that_somebody_does_not_see(cases, promise):
    """What speaks of one case is not there; what lists cases leaves it out."""
    tried = 0
    everybody = [(role, place, seen) for role, places in SEES.items() for place, seen in places]
    for role, place, seen in everybody[::SOME]:
        client = Client(headers={"Idempotency-Key": str(uuid.uuid4())})
        client.force_login(newcomer(role, place))
        hidden = {name: case for name, case in cases.items() if name not in seen}
        for name, case in hidden.items():
            things = {"case": case.uuid, "photo": case.photos.get().uuid, "notice": 0}
            for endpoint in OF_ONE_CASE:
                answer = getattr(client, endpoint.method)(endpoint.path.format(**things))
                assert answer.status_code == 404, (role, place, name, endpoint.path)
                tried += 1
        for address in LISTS:
            text = read(client.get(address))
            told = [name for name, case in hidden.items() if str(case.uuid) in text or case.number in text]
            assert told == [], (role, place, address)
            tried += 1
    promise(PROMISE, tried=tried, held=tried)


def read(answer: HttpResponse) -> str:
    """All the words of an answer, those of a workbook too."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as workbook:
            body = b"".join(workbook.read(name) for name in workbook.namelist())
    return body.decode(errors="replace")


def test_a_list_is_read_as_it_is_meant_to_be(cases):
    """The test before this one would hold of answers in which nobody can find anything."""
    client = Client()
    client.force_login(newcomer(Role.LEADER, DISTRICT))
    own = cases["own"]
    told = {
        address
        for address in LISTS
        if str(own.uuid) in (text := read(client.get(address))) or own.number in text
    }
    assert told >= {"/desk/?queue=all", "/desk/export/?queue=all", "/api/v1/cases/", f"/api/v1/map/?{BOX}"}


def test_each_handler_sees_a_case_from_the_day_its_unit_is_asked(cases):
    case = cases["own"]
    handler = newcomer(Role.HANDLER, f"{COMMUNITY}-property")
    other = newcomer(Role.HANDLER, f"{SIBLING}-property")
    walk(case, "register", "dispatch", unit=Organization.objects.get(code=f"{COMMUNITY}-property"))
    assert Case.objects.visible_to(handler).get() == case
    assert not Case.objects.visible_to(other).exists()
    walk(case, "refuse")
    assert Case.objects.visible_to(handler).get() == case  # what was asked of it stays its own to explain


def test_a_unit_that_gets_a_case_settled_on_the_spot_counts_among_its_units():
    case = walk(reported(source=Case.Source.SELF), "fail")
    assert case.units == [case.unit_id]


def test_an_inspector_sees_the_cases_of_the_grids_on_duty(cases):
    user = newcomer(Role.INSPECTOR, DISTRICT)
    old = GridDuty.objects.get(grid=cases["street"].grid, duty="inspector", ends_on=None)
    old.user = user
    old.save()
    assert Case.objects.visible_to(User.objects.get(pk=user.pk)).get() == cases["street"]


def test_a_reporter_and_a_drawn_verifier_see_the_one_case(cases):
    volunteer = newcomer(Role.VOLUNTEER, COMMUNITY)
    mine = reported(by=volunteer)
    assert Case.objects.visible_to(volunteer).get() == mine


def test_without_a_post_nothing_is_seen(cases):
    nobody = User.objects.create_user("test_nobody", name="无岗位")
    assert not Case.objects.visible_to(nobody).exists()


@pytest.mark.parametrize("days", [0, 1])
def test_a_post_that_ended_ends_at_the_next_request(days):
    case = reported()
    leader = newcomer(Role.LEADER, STREET)
    client = Client()
    client.force_login(leader)
    assert client.get(f"/cases/{case.uuid}/").status_code == 200
    Post.objects.filter(user=leader).update(ends_on=timezone.localdate() - dt.timedelta(days=days))
    assert client.get(f"/cases/{case.uuid}/").status_code == 404
    assert client.post(f"/cases/{case.uuid}/moves/comment/", {"words": "还能看到吗"}).status_code == 404


def test_a_post_of_tomorrow_does_not_count_today():
    case = reported()
    leader = newcomer(Role.LEADER, STREET)
    Post.objects.filter(user=leader).update(starts_on=timezone.localdate() + dt.timedelta(days=1))
    assert not Case.objects.visible_to(leader).filter(pk=case.pk).exists()


def test_several_posts_are_seen_together(cases):
    user = newcomer(Role.CLERK, SIBLING)
    appoint(user, Role.CLERK, people.ELSEWHERE)
    assert set(Case.objects.visible_to(user)) == {cases["sibling"], cases["street"]}


def test_a_person_who_left_the_desk_makes_no_more_moves():
    case = reported()
    clerk = people.someone(Role.CLERK, COMMUNITY, 1)
    hands().step(case.uuid, "register", now=MORNING, by=clerk)
    Post.objects.filter(user=clerk).update(ends_on=timezone.localdate())
    client = Client()
    client.force_login(clerk)
    answer = client.post(f"/cases/{case.uuid}/moves/return/", {"key": uuid.uuid4(), "reason": "退回"})
    assert answer.status_code in (403, 404)
    assert Case.objects.get(pk=case.pk).state == State.REGISTERED


def test_the_category_of_each_case_was_settled_where_it_stands(cases):
    assert {name: case.loop for name, case in cases.items()} == {
        "own": Loop.COMMUNITY,
        "sibling": Loop.COMMUNITY,
        "street": Loop.COMMUNITY,
        "district": Loop.DISTRICT,
    }
    assert settled_by(Loop.COMMUNITY) == cases["own"].category
