"""Where a check was made: how far off, by whose word, and what is asked of whoever stays away."""

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.filters import narrow
from cases.given import WORDS
from cases.models import Case, Leg, RuleOverride
from cases.workflow import CHECKS, MOVES, Loop, PositionSource, State
from governance.models import User
from tests import people
from tests.lives import MORNING, case_at, fresh, hands, open_leg, words_of
from tests.photos import photo

pytestmark = pytest.mark.django_db
METRES = 1 / 111_320  # degrees of latitude
#: The state in which each check is made.
STATES = {"found": State.CHECKING, "not_found": State.CHECKING, "pass": State.HANDLED, "fail": State.HANDLED}


def drawn_for(case: Case) -> User:
    person = open_leg(case).person
    assert person is not None
    return person


def off(case: Case, metres: float) -> list[float]:
    """A position so far north of a case."""
    return [case.longitude, case.latitude + metres * METRES]


def checked(case: Case, move: str, metres: float, by: User | None = None, **given) -> Leg:
    """A check from so far off, and the leg that it ended."""
    leg = open_leg(case)
    hands().step(
        case.uuid, move, by=by or drawn_for(case), now=timezone.now(), position=off(case, metres), **given
    )
    return Leg.objects.get(pk=leg.pk)


def number_of(case: Case, metres: int) -> None:
    """The district of a case sets its own number."""
    RuleOverride.objects.create(
        district_id=case.district_id, name="check_metres", valid_from="2026-01-01", value=metres, basis="试点"
    )


def test_the_states_of_this_file_are_those_of_the_table():
    assert {name: MOVES[name].sources[0] for name in CHECKS} == STATES
    assert all("position" in MOVES[name].needs for name in CHECKS)


@pytest.mark.parametrize("move", CHECKS)
def test_a_check_from_afar_needs_a_reason_and_is_marked(move):
    case = case_at(STATES[move])
    with pytest.raises(actions.Unfit) as refused:
        checked(case, move, 340)
    assert refused.value.field == "far_reason" and "340 米，超过 100 米" in refused.value.sentence
    assert fresh(case).version == case.version, "nothing half done"
    leg = checked(case, move, 340, far_reason="院门锁着，隔墙查看")
    assert (leg.is_far, leg.checked_metres) == (True, 340)
    assert words_of(case, move).endswith("\n远距离原因：院门锁着，隔墙查看")
    assert fresh(case).events.last().facts["is_far"] is True


@pytest.mark.parametrize("move", CHECKS)
def test_a_check_on_the_spot_needs_no_reason_and_bears_no_mark(move):
    case = case_at(STATES[move])
    leg = checked(case, move, 99)
    assert (leg.is_far, leg.checked_metres) == (False, 99)
    assert "远距离" not in words_of(case, move)


def test_a_district_sets_how_far_is_far():
    near, far = case_at(State.HANDLED), case_at(State.HANDLED)
    number_of(near, 400)
    assert not checked(near, "pass", 340).is_far
    with pytest.raises(actions.Unfit, match="超过 400 米"):
        checked(far, "pass", 420)


@pytest.mark.parametrize(("name", "most"), [("check_metres", 5000), ("suspension_days", 366)])
def test_a_number_has_a_most_of_its_own(name, most):
    district = people.someone(people.Role.SYSTEM_ADMIN, people.DISTRICT).posts.get().organization
    row = RuleOverride(district=district, name=name, valid_from="2026-01-01", value=most, basis="试点")
    row.full_clean()
    row.value = most + 1
    with pytest.raises(ValidationError):
        row.full_clean()


def test_it_is_said_whether_the_device_gave_the_position_or_a_pin():
    device, pin, silent = (case_at(State.HANDLED) for _ in range(3))
    assert checked(device, "pass", 5, position_source="device").position_source == PositionSource.DEVICE
    assert checked(pin, "pass", 5, position_source="pin").position_source == PositionSource.PIN
    assert checked(silent, "pass", 5).position_source == PositionSource.PIN, "who says nothing claims nothing"
    with pytest.raises(actions.Unfit, match="位置来源"):
        checked(case_at(State.HANDLED), "pass", 5, position_source="satellite")


@pytest.mark.parametrize("move", CHECKS)
@pytest.mark.parametrize("is_rough", [False, True])
def test_a_check_without_any_position_needs_a_reason_and_is_marked_as_one_from_afar(move, is_rough):
    case = case_at(STATES[move], **({"position_source": PositionSource.GRID} if is_rough else {}))
    leg, by = open_leg(case), drawn_for(case)

    def check(**given):
        hands().step(case.uuid, move, by=by, now=timezone.now(), position=None, **given)

    with pytest.raises(actions.Unfit) as refused:
        check()
    assert refused.value.field == "position", "who says nothing of it is asked for one"
    with pytest.raises(actions.Unfit, match="没有收到现场定位") as refused:
        check(position_source="none")
    assert refused.value.field == "far_reason" and fresh(case).version == case.version
    check(position_source="none", far_reason="地下车库收不到")
    leg.refresh_from_db()
    assert (leg.is_far, leg.checked_metres, leg.position_source) == (True, None, "none")
    assert words_of(case, move).endswith("\n没有定位的原因：地下车库收不到")
    assert set(narrow(Case.objects.all(), {"checked": "far"}, MORNING)) == {case}
    client = Client()
    client.force_login(people.clerk())
    page = client.get(f"/cases/{case.uuid}/").content.decode()
    assert "没有现场定位" in page and "远距离核查" not in page


@pytest.mark.parametrize("move", CHECKS)
def test_the_last_fix_of_the_phone_is_no_look_on_the_spot_however_near_it_lies(move):
    case = case_at(STATES[move])
    with pytest.raises(actions.Unfit, match="没有收到现场定位"):
        checked(case, move, 5, position_source="last_fix")
    leg = checked(case, move, 5, position_source="last_fix", far_reason="地下车库收不到")
    assert (leg.is_far, leg.checked_metres, leg.position_source) == (True, 5, "last_fix")


@pytest.mark.parametrize("move", sorted(name for name in MOVES if "position" in MOVES[name].needs))
def test_without_any_position_nothing_but_a_check_is_made(move):
    given = dict.fromkeys(MOVES[move].needs, "given") | {"position": None, "position_source": "none"}
    lacks = [name for name in MOVES[move].needs if WORDS.may_lack(MOVES[move], name, given)]
    assert lacks == (["position"] if move in CHECKS else [])


def test_a_desk_that_checks_in_their_place_gives_no_reason():
    case = case_at(State.HANDLED, loop=Loop.STREET)
    Leg.objects.filter(case=case, stopped_at=None).update(desk_allowed=True)
    desk = User.objects.filter(posts__organization=open_leg(case).unit, posts__role="acceptor").first()
    leg = checked(case, "pass", 3000, by=desk)
    assert (leg.is_far, leg.checked_metres) == (False, 3000)


def test_the_case_page_says_it_and_the_desk_finds_it():
    marked, plain = case_at(State.HANDLED), case_at(State.HANDLED)
    checked(marked, "pass", 1340, far_reason="对岸看得见", position_source="device")
    checked(plain, "pass", 20)
    assert set(narrow(Case.objects.all(), {"checked": "far"}, MORNING)) == {marked}
    client = Client()
    client.force_login(people.clerk())
    page = client.get(f"/cases/{marked.uuid}/").content.decode()
    assert "设备定位距上报位置 1.3 公里" in page and "远距离核查" in page and "对岸看得见" in page
    assert "远距离核查" not in client.get(f"/cases/{plain.uuid}/").content.decode()
    listed = client.get("/desk/", {"queue": "all", "checked": "far"}).context["cases"]
    assert {case.uuid for case in listed} == {marked.uuid}


def test_the_form_asks_at_its_field_and_keeps_what_was_written():
    case = case_at(State.HANDLED)
    by, (longitude, latitude) = drawn_for(case), off(case, 500)
    client = Client()
    client.force_login(by)
    sent = {
        "key": str(uuid.uuid4()),
        "leg": open_leg(case).pk,
        "words": "路面已清理",
        "photos": [str(photo(by=by, now=timezone.now()))],
        "position_longitude": longitude,
        "position_latitude": latitude,
        "position_source": "device",
    }
    answer = client.post(f"/cases/{case.uuid}/moves/pass/", sent)
    page = answer.content.decode()
    assert answer.status_code == 400 and "超过 100 米" in page and "路面已清理" in page
    again = client.post(f"/cases/{case.uuid}/moves/pass/", {**sent, "far_reason": "桥面封闭，桥头查看"})
    assert again.status_code == 302
    assert Leg.objects.get(pk=sent["leg"]).is_far


def test_the_form_takes_a_check_without_position_for_a_reason_and_says_so_where_none_is_given():
    case = case_at(State.HANDLED)
    by = drawn_for(case)
    client = Client()
    client.force_login(by)
    sent = {
        "key": str(uuid.uuid4()),
        "leg": open_leg(case).pk,
        "words": "车库积水已抽干",
        "photos": [str(photo(by=by, now=timezone.now()))],
        "position_longitude": "",
        "position_latitude": "",
    }
    address = f"/cases/{case.uuid}/moves/pass/"
    plain = client.post(address, {**sent, "position_source": "device"})
    assert plain.status_code == 422 and "请定位" in plain.content.decode()
    asked = client.post(address, {**sent, "position_source": "none"})
    assert asked.status_code == 400 and "没有收到现场定位" in asked.content.decode()
    taken = client.post(address, {**sent, "position_source": "none", "far_reason": "地下车库收不到"})
    assert taken.status_code == 302 and Leg.objects.get(pk=sent["leg"]).is_far


def test_nobody_is_asked_why_they_are_not_where_a_case_only_roughly_lies():
    case = case_at(State.HANDLED, position_source=PositionSource.GRID)
    assert case.is_place_rough
    leg = checked(case, "pass", 500)
    assert leg.checked_metres == 500 and not leg.is_far
