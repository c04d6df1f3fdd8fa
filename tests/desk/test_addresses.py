"""Addresses that are typed while a caller speaks: matched with what is known to lie there, in scope and without anybody's words."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import addresses
from cases.addresses import Address, suggest, sure_place
from cases.models import Case
from cases.workflow import Loop
from desk.views.phone import grids_in_sight
from governance.models import User
from grid.models import Grid
from tests import people
from tests.lives import inside, reported, settled_by
from tests.neighbours import building
from tests.people import COMMUNITY

pytestmark = pytest.mark.django_db
FLOOR, PASSING = 3, ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
FIRST, SECOND, THIRD = (f"{COMMUNITY}{number:03d}" for number in (1, 2, 3))


def grid(code: str) -> Grid:
    return Grid.objects.get(code=code)


def here(address: str, code: str = FIRST, **given) -> Case:
    """An earlier case with an address in a grid, by one person."""
    return reported(address=address, position=inside(code), **given)


def known(address: str, code: str = FIRST) -> Case:
    """Earlier cases with an address in a grid, by two people: the place is known."""
    here(address, code, by=people.clerk())
    return here(address, code)


def found(text: str, user: User | None = None) -> list[tuple[str, str]]:
    """Label and grid code of each suggestion."""
    user = user or people.clerk()
    rows = suggest(user, text, grids_in_sight(user))
    codes = dict(Grid.objects.values_list("pk", "code"))
    return [(row.label, codes[row.grid]) for row in rows]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def piece(text: str, user: User | None = None) -> str:
    answer = signed_in(user or people.clerk()).get("/desk/phone/addresses/", {"address": text})
    return answer.content.decode()


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("尚义街330号3栋2单元501室", ("尚义街", "330", "", "3")),
        ("尚义街 330", ("尚义街", "330", "", "")),
        ("盘龙区拓东街道尚义社区尚义街３３０号", ("尚义街", "330", "", "")),
        ("云南省昆明市盘龙区白龙路375号白龙小区十二幢", ("白龙路", "375", "白龙小区", "12")),
        ("白龙小区三栋二单元", ("", "", "白龙小区", "3")),
        ("白龙小区3号楼", ("", "", "白龙小区", "3")),
        ("穿金路15-2号", ("穿金路", "15-2", "", "")),
        ("铁路新村3栋", ("", "", "铁路新村", "3")),
        ("东风广场（Ａ座）", ("", "", "东风广场", "a")),
        ("北京路延长线", ("北京路", "", "", "")),
        ("门口那棵树下", ("", "", "", "")),
        ("王秀英13888888888住翠湖小区3栋", ("", "", "翠湖小区", "3")),
        ("王秀英13888888888翠湖小区3栋", ("", "", "翠湖小区", "3")),
        ("王秀英家在北京路12号", ("北京路", "12", "", "")),
        ("王秀英家北京路12号", ("", "", "", "")),
        ("王女士北京路12号", ("", "", "", "")),
        ("北京路13888888888", ("北京路", "", "", "")),
        ("北京路0871-65123456", ("北京路", "", "", "")),
        ("李家村5栋", ("", "", "李家村", "5")),
    ],
)
def test_an_address_is_taken_apart_as_people_say_it(written, parts):
    one = Address.of(written)
    assert (one.road, one.number, one.estate, one.building) == parts


@pytest.mark.parametrize(
    "typed", ["尚义街330", "尚义街 330 号", "尚义街３３０号2栋", "盘龙区尚义街330号", "尚义街330号门口"]
)
def test_an_earlier_case_at_the_same_number_gives_the_grid(typed):
    known("尚义街330号2栋", FIRST)
    known("尚义街12号", SECOND)
    assert found(typed)[0] == ("尚义街330号2栋", FIRST)


def test_the_nearest_number_on_the_same_side_comes_before_the_others():
    for address, code in (("白塔路2号", FIRST), ("白塔路99号", SECOND), ("白塔路104号", THIRD)):
        known(address, code)
    assert [code for _, code in found("白塔路100号")] == [THIRD, SECOND, FIRST]
    (row, *_) = suggest(people.clerk(), "白塔路100号", grids_in_sight(people.clerk()))
    assert (row.why, row.is_sure) == ("邻近门牌 104 号", False)


def test_a_building_is_told_from_its_neighbour_however_it_is_called():
    known("白龙小区3幢1单元", FIRST)
    known("白龙小区4号楼", SECOND)
    assert found("白龙小区三栋")[0] == ("白龙小区3栋", FIRST)
    assert found("白龙小区4座")[0] == ("白龙小区4栋", SECOND)


def test_half_a_name_is_enough_while_one_types():
    known("白龙小区3栋", FIRST)
    assert ("白龙小区3栋", FIRST) in found("白龙")
    assert found("白") == found("") == []


def test_communities_grids_and_neighbourhoods_are_known_by_their_names():
    one = building()
    assert one.name in [label for label, _ in found(one.name)]
    first = grid(FIRST)
    assert {code[:12] for _, code in found(first.community.name)} == {COMMUNITY}
    assert (first.name, FIRST) in found(first.community.name + first.name)


def test_a_suggestion_says_nothing_that_somebody_wrote():
    known("尚义街330号2栋")
    here("尚义街330号2栋1单元501王女士家", words="王女士说邻居老李打人", source=Case.Source.PHONE, by=people.clerk(), contact_phone="13800001234", contact_name="王女士")  # fmt: skip
    for typed in ("尚义街330号", "尚义街", "王女士", "老李"):
        text = piece(typed)
        for secret in ("501", "单元", "老李", "王女士家", "138"):
            assert secret not in text.replace(f'value="{typed}"', ""), (typed, secret)
    assert "尚义街330号2栋" in piece("尚义街330号")


#: How people put the one who called before the place.
CALLERS = [
    "王秀英13888888888住翠湖小区3栋",
    "王秀英住翠湖小区3栋",
    "王秀英翠湖小区3栋",
    "王秀英13888888888翠湖小区3栋",
    "530102196001011234王秀英3栋",
    "13888888888翠湖小区3栋",
    "王秀英家在北京路12号",
    "王秀英家北京路12号",
    "王秀英北京路12号",
    "王秀英女士，翠湖小区3栋",
    "北京路13888888888",
    "翠湖小区13888888888栋",
    "王秀英3栋",
]


@pytest.mark.parametrize("is_known", [True, False])
def test_no_suggestion_says_a_callers_name_or_number_whatever_is_typed(is_known):
    if is_known:
        for address in ("翠湖小区3栋", "北京路12号"):
            known(address)
    for number, written in enumerate(CALLERS):
        here(written)
        if number % 2:  # the same person writes it again, which vouches for nothing
            here(written)
    typed = {text[:end] for text in CALLERS for end in (2, 3, 4, 6, 10, len(text))}
    for text in typed | {"翠湖小区", "北京路", "秀英", "888888", "王秀英翠湖", "在北京路", "3栋"}:
        for label, _ in found(text):
            assert not {"王", "秀", "英", "家", "住"} & {*label.replace("社区", "")} and "88" not in label and "3010" not in label, (text, label)  # fmt: skip
    assert (("翠湖小区3栋", FIRST) in found("翠湖")) is is_known
    assert (("北京路12号", FIRST) in found("北京路12号")) is is_known


@pytest.mark.parametrize(
    "written", ["王秀英翠湖小区3栋", "李明北京路12号", "老王家翠湖小区3栋", "王阿姨北京路12号"]
)
def test_a_name_before_a_place_is_not_suggested_though_several_wrote_it(written):
    known(written)
    for end in range(2, len(written) + 1):
        assert found(written[:end]) == [], written[:end]


def test_a_road_that_one_person_wrote_is_not_suggested_until_another_writes_it():
    here("尚义街330号")
    here("尚义街330号")
    assert found("尚义街330号") == []
    here("尚义街12号", by=people.clerk())
    assert ("尚义街330号", FIRST) in found("尚义街330号")


def test_an_estate_on_the_map_needs_nobody_to_vouch_for_it():
    building("尚义大厦 1 栋")
    here("尚义大厦2栋")
    assert ("尚义大厦2栋", FIRST) in found("尚义大厦2栋")


def test_nothing_is_suggested_from_beyond_the_own_territory():
    there = f"{people.ELSEWHERE}001"
    for by in (people.stranger(), people.newcomer("laozhao", place=people.ELSEWHERE)):
        reported(address="尚义街330号", position=inside(there), by=by)
    assert found("尚义街330号") == []
    assert found("尚义街330号", people.stranger()) == [("尚义街330号", there)]
    assert found(grid(there).community.name) == []


def test_a_rough_place_says_nothing_about_an_address():
    known("尚义街330号")
    Case.objects.update(position_source="last_fix")
    assert found("尚义街330号") == []


def test_suggestions_cost_few_statements():
    known("尚义街330号")
    client = signed_in(User.objects.get(username="q_shouli"))
    for typed in ("尚义街330号", "尚义社区", "没有这个地方"):
        with CaptureQueriesContext(connection) as captured:
            client.get("/desk/phone/addresses/", {"address": typed})
        asked = [q["sql"] for q in captured if not q["sql"].startswith(PASSING)]
        assert len(asked) - FLOOR <= 6, asked


def test_what_no_address_can_be_is_answered_with_nothing():
    for odd in ("", " ", "\0" * 3, "号" * 200, "%%%", "３", "\ud7ff\U0001f6a7"):
        assert 'role="option"' not in piece(odd), odd


def test_only_who_accepts_is_offered_addresses():
    assert signed_in(User.objects.get(username="paiqian")).get("/desk/phone/addresses/").status_code == 403


# The report --------------------------------------------------------------------------------------------------------------


def call(address: str, **given):
    data = {
        "key": str(uuid.uuid4()),
        "contact_phone": "13800001234",
        "words": "路灯不亮",
        "category": settled_by(Loop.STREET).pk,
        "address": address,
        "position_longitude": "",
        "position_latitude": "",
        "seen": "on",
    }
    return signed_in(people.clerk()).post("/desk/phone/", data | given)


def test_a_call_with_an_address_alone_gets_its_grid():
    earlier = known("尚义街330号", SECOND)
    assert call("尚义街330号3单元").status_code == 302
    case = Case.objects.latest("pk")
    assert (case.grid.code, case.longitude, case.latitude) == (SECOND, earlier.longitude, earlier.latitude)


def test_an_address_that_may_lie_in_two_grids_is_asked_about():
    known("尚义街330号", FIRST)
    known("尚义街330号", SECOND)
    answer = call("尚义街330号")
    assert answer.status_code == 422
    assert "请在地图上点选位置，或选择网格。" in answer.content.decode()
    assert call("尚义街330号", grid=grid(SECOND).pk).status_code == 302


def test_an_estate_with_more_buildings_than_are_shown_lies_in_all_its_grids():
    for number in range(1, addresses.ROWS + 2):
        known(f"白龙小区{number}栋", FIRST)
    known("白龙小区99栋", SECOND)
    assert {code for _, code in found("白龙小区")} == {FIRST}, "the other grid is not among what is shown"
    assert call("白龙小区").status_code == 422


def test_what_was_not_looked_at_may_lie_in_another_grid(monkeypatch):
    monkeypatch.setattr(addresses, "LOOKED_AT", 4)
    known("白龙小区3栋", SECOND)
    for _ in range(3):
        known("白龙小区3栋", FIRST)
    assert call("白龙小区3栋").status_code == 422


def test_a_house_is_found_on_a_road_with_more_cases_than_are_looked_at(monkeypatch):
    monkeypatch.setattr(addresses, "LOOKED_AT", 4)
    known("白塔路330号", SECOND)
    for _ in range(3):
        known("白塔路12号", FIRST)
    assert call("白塔路330号").status_code == 302
    assert Case.objects.latest("pk").grid.code == SECOND


@pytest.mark.parametrize("typed", ["13栋", "白龙小区13栋", "白龙小区3栋", "3栋", "门口3栋旁边"])
def test_a_neighbourhood_of_a_building_without_an_estate_is_sure_of_nothing(typed):
    building("3栋")
    assert sure_place(people.clerk(), typed, grids_in_sight(people.clerk())) is None
    assert call(typed).status_code == 422


@pytest.mark.parametrize(
    ("name", "typed", "is_sure"),
    [
        ("白龙小区3栋", "白龙小区3栋", True),
        ("白龙小区3栋", "白龙小区三幢2单元", True),
        ("白龙小区3栋", "白龙小区13栋", False),
        ("幸福庭院", "幸福庭院", True),
        ("2组", "12组", False),
    ],
)
def test_a_neighbourhood_is_the_place_where_its_parts_are_the_same(name, typed, is_sure):
    building(name)
    place = sure_place(people.clerk(), typed, grids_in_sight(people.clerk()))
    assert (place is not None) is is_sure


def test_a_neighbouring_number_is_no_place():
    known("尚义街332号")
    assert call("尚义街330号").status_code == 422
