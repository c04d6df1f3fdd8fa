"""What a page of the phone loads at first, and that its header and buttons stand side by side on a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests import neighbours
from tests.stories.steps import DESK, PHONE, be_located, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: How many lines a text takes, by the boxes of its letters.
LINES = "(node) => { const all = document.createRange(); all.selectNodeContents(node); return new Set([...all.getClientRects()].map(({ top }) => Math.round(top))).size; }"
NARROW = {"width": 390, "height": 844}


def asked_for(page: Page) -> list[str]:
    """Addresses of the files that the page has asked for."""
    return page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")


def test_the_report_page_loads_the_map_when_it_is_opened(signed_in):
    phone = signed_in("wangge", PHONE)
    phone.goto("/field/report/", wait_until="networkidle")
    form = phone.locator("[data-report]")
    be_located(form)
    before = asked_for(phone)
    assert any("js/map/later" in name for name in before)
    assert not [name for name in before if "leaflet.js" in name or "js/map/base" in name]
    form.get_by_role("button", name="选点").click()
    expect(form.locator(".leaflet-overlay-pane path").first).to_be_attached()
    expect(form.locator(".map-pin-mark")).to_be_visible()  # where the phone is
    form.get_by_role("button", name="选地图中心").click()
    expect(form.locator("[data-position-how]")).to_contain_text("地图选点")


def test_the_buttons_of_the_neighbourhood_are_all_to_be_pressed(signed_in):
    leader = neighbours.leader()
    phone = signed_in(with_password(leader), PHONE)
    phone.goto("/field/neighbourhood/")
    expect(phone.locator(".bottom-bar")).to_have_count(0)
    phone.get_by_role("link", name="楼栋自办").click(trial=True)
    phone.locator("main").get_by_role("link", name="上报").click(trial=True)
    phone.get_by_role("link", name="返回待办").click()
    expect(phone.locator(".bottom-bar")).to_be_visible()


def test_who_has_four_faces_finds_them_on_a_narrow_screen_each_in_one_line(signed_in):
    page = signed_in("chengguanju", DESK)  # the head of a unit
    page.set_viewport_size(NARROW)
    for address in ("/desk/", "/field/"):
        page.goto(address)
        page.locator("summary[aria-label*='岗位与退出']").click()
        links = page.locator(".menu-faces a")
        expect(links).to_have_count(4)
        for words in links.all():
            expect(words).to_be_visible()
            assert words.evaluate(LINES) == 1, words.inner_text()
        assert [one.inner_text() for one in page.locator(".faces a:visible").all()] in ([], ["工作台"])
        assert page.evaluate("document.scrollingElement.scrollWidth") == NARROW["width"]
