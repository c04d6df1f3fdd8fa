"""Trends and map in a browser: charts are drawn, areas shaded and linked, the slider leads to a month."""

import datetime as dt
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.workflow import Loop, State
from tests.lives import case_at, reported
from tests.stories.steps import DESK, PHONE, open_device
from tests.test_pages import enter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def opened(browser, live_server):
    """A page of the board as the leader of the district sees it on a device."""
    contexts = []
    now = timezone.now()
    reported(now=now - dt.timedelta(minutes=20))
    reported(now=now - dt.timedelta(days=45))
    case_at(State.CLOSED, loop=Loop.STREET, now=now - dt.timedelta(hours=5))

    def on(address: str, device=DESK, **options) -> Page:
        contexts.append(open_device(browser, live_server.url, device, **options))
        page = contexts[-1].new_page()
        enter(page, "quling")
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return page

    yield on
    for context in contexts:
        context.close()


def breaches(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_all_pictures_of_trends_are_drawn(opened):
    page = opened("/board/trends/?period=90")
    drawn = page.locator("[data-chart] .chart-drawn")
    expect(drawn).to_have_count(page.locator("[data-chart]").count())
    assert {one.get_attribute("data-chart") for one in page.locator("[data-chart]").all()} >= {
        "trend", "funnel", "ageing", "heat",
    }  # fmt: skip
    assert breaches(page) == []
    page.get_by_label("步长").select_option("month")
    expect(page).to_have_url(re.compile("step=month"))
    page.locator("select[name=period]").select_option("year")
    expect(page).to_have_url(re.compile("step=month.*period=year|period=year.*step=month"))


def test_a_map_is_shaded_with_numbers_that_lead_to_boards(opened):
    page = opened("/board/map/?measure=reported")
    expect(page.locator(".map path.shade")).to_have_count(12)
    number = (
        page.locator(".shade-name b")
        .filter(has_text="2")
        .or_(page.locator(".shade-name b").filter(has_text="1"))
    )
    expect(number.first).to_be_visible()
    assert breaches(page) == []
    page.get_by_role("link", name=re.compile("^拓东街道 ")).click()
    expect(page.locator("h1")).to_contain_text("拓东街道")


def test_the_slider_changes_the_address(opened):
    page = opened("/board/map/?measure=reported&period=90")
    slider = page.get_by_role("slider", name="月份")
    expect(slider).to_have_attribute("aria-valuetext", "整段")
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"month=\d{4}-\d\d"))
    stop = page.get_by_role("navigation", name="时间").locator("[aria-current]")
    expect(page.get_by_role("slider", name="月份")).to_have_attribute("aria-valuetext", stop.text_content())


def test_reports_stand_on_the_map_as_squares(opened):
    page = opened("/board/map/?show=heat&period=90")
    expect(page.locator(".map path.heat").first).to_be_attached()
    expect(page.locator("[data-map-legend]")).to_contain_text("共 3 件")


def test_on_a_phone_the_numbers_come_before_the_map(opened):
    page = opened("/board/map/?measure=reported", PHONE)
    table = page.get_by_role("table").bounding_box()
    assert table["y"] < page.locator(".map").bounding_box()["y"]
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert breaches(page) == []


@pytest.mark.parametrize(
    "address", ["/board/", "/board/trends/", "/board/map/?level=community&measure=reported"]
)
def test_a_page_of_the_board_is_one_page_of_paper(opened, address):
    page = opened(address)
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.emulate_media(media="print")
    expect(page.locator(".printed-with")).to_contain_text(
        re.compile("近 30 天（.* 至 .*），与上一期比 · .*打印于 20")
    )
