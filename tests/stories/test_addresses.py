"""A caller says an address; the operator types it, takes a suggestion by keyboard, and the report gets its grid."""

import pytest
from playwright.sync_api import Page, expect

from grid.models import Grid
from tests import people
from tests.lives import inside, reported
from tests.people import COMMUNITY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


PLACE = ("grid", "position_longitude", "position_latitude")


def values(page: Page) -> list[str]:
    return [page.locator(f"form[data-call] [name={name}]").input_value() for name in PLACE]


def test_another_address_after_a_suggestion_takes_its_grid_and_position_back(signed_in):
    """Unit and flat may be added; what was set by hand stays."""
    for by in (people.clerk(), people.worker()):
        case = reported(address="尚义街330号", position=inside(f"{COMMUNITY}002"), by=by)
    taken = [str(case.grid_id), f"{case.longitude:.6f}", f"{case.latitude:.6f}"]
    page = signed_in("shequ")
    page.goto("/desk/phone/")
    field = page.get_by_role("combobox", name="位置描述")

    def take() -> None:
        field.fill("")
        field.press_sequentially("尚义街33")
        expect(page.get_by_role("option").first).to_contain_text("尚义街330号")
        page.get_by_role("option").first.click()
        expect(page.locator(".map-pin-mark")).to_be_visible()
        assert values(page) == taken

    take()
    field.press_sequentially("3单元")
    assert values(page) == taken
    field.fill("白塔路7号")
    assert values(page) == ["", "", ""]
    expect(page.locator(".map-pin-mark")).to_have_count(0)
    take()
    field.press("Backspace")
    assert values(page) == ["", "", ""]
    take()
    page.get_by_role("button", name="选地图中心").click()
    by_hand = values(page)
    assert by_hand[0] == "" and all(by_hand[1:])
    field.fill("白塔路7号")
    assert values(page) == by_hand


def test_an_address_is_taken_by_keyboard_and_map_and_grid_follow(signed_in):
    grid = Grid.objects.get(code=f"{COMMUNITY}002")
    reported(address="尚义街330号", position=inside(grid.code), by=people.clerk())
    case = reported(address="尚义街330号", position=inside(grid.code))
    page = signed_in("shequ")
    page.goto("/desk/phone/")
    field = page.get_by_role("combobox", name="位置描述")
    field.press_sequentially("尚义街33")
    offered = page.get_by_role("listbox", name="可能的位置")
    expect(offered.get_by_role("option").first).to_contain_text("尚义街330号")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("Escape")
    expect(offered).to_have_count(0)
    field.press_sequentially("0")
    expect(offered.get_by_role("option").first).to_contain_text(grid.name)
    field.press("ArrowDown")
    expect(offered.get_by_role("option", selected=True)).to_contain_text("同一门牌")
    field.press("Enter")
    expect(offered).to_have_count(0)
    expect(page.locator("select[name=grid]")).to_have_value(str(grid.pk))
    expect(page.get_by_label("经度")).to_have_value(f"{case.longitude:.6f}")
    expect(page.locator(".map-pin-mark")).to_be_visible()
    expect(page.locator("#nearby")).to_contain_text(case.number)
    assert page.url.endswith("/desk/phone/"), "Enter took a suggestion and sent nothing"
