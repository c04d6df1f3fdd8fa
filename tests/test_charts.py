"""Charts as the page of all pieces shows them: drawn from their tables, each number a link, readable without the picture."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.stories.steps import DESK, PHONE, Device, open_device

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KINDS = ["trend", "bars", "funnel", "ageing", "heat", "growth"]
LIBRARY = re.compile(r"/vendor/echarts/")
#: Texts of a drawn picture, and where its parts lead.
TEXTS = "picture => [...picture.querySelectorAll('.chart-drawn text')].map(one => one.textContent)"
LINKS = "picture => [...picture.querySelectorAll('a.chart-target')].map(one => one.getAttribute('href'))"


@pytest.fixture
def shown(browser: Browser, live_server):
    """The page of all pieces on a device, when every chart is drawn."""
    contexts = []

    def on(device: Device) -> Page:
        contexts.append(open_device(browser, live_server.url, device))
        page = contexts[-1].new_page()
        page.goto("/styleguide/")
        expect(page.locator(".chart-drawn")).to_have_count(page.locator("[data-chart]").count())
        return page

    yield on
    for context in contexts:
        context.close()


def chart_of(page: Page, kind: str) -> Locator:
    return page.locator(f'[data-chart="{kind}"]').first


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["screen", "phone"])
def test_every_kind_draws_the_numbers_of_its_table(shown, device):
    page = shown(device)
    assert {one.get_attribute("data-chart") for one in page.locator("[data-chart]").all()} == set(KINDS)
    words = {kind: set(chart_of(page, kind).evaluate(TEXTS)) for kind in KINDS}
    assert {"43", "11-01", "11-30"} <= words["trend"]
    assert {"拓东街道", "98.2%", "982 / 1,000", "71.4%", "无数据", "全区 92.7%"} <= words["bars"]
    assert {"采集上报", "1,911", "结案", "1,589", "83.2%"} <= words["funnel"]
    assert {"1 天内", "226", "30 天以上", "12", "超 9"} <= words["ageing"]
    assert {"0 时", "周一", "周日", "16"} <= words["heat"]
    assert {"占道经营", "+46，2.3 倍", "乱停非机动车"} <= words["growth"]
    for kind in KINDS:
        assert chart_of(page, kind).locator(".chart-drawn path").count() > 5, kind


def test_every_linked_number_of_a_table_is_a_link_in_the_picture(shown):
    page = shown(DESK)
    for kind in KINDS:
        chart = chart_of(page, kind)
        listed = {one.get_attribute("href") for one in chart.locator("table a").all()}
        # A line over time and a change lead to this period; the one before stands in the table.
        listed -= {url for url in listed if url.startswith("?before")}
        led = {url[url.index("?") :] for url in chart.evaluate(LINKS)}
        assert listed and led == listed, kind


def test_a_bar_opens_its_list_and_its_name_the_page_of_its_row(shown):
    page = shown(DESK)
    bars = chart_of(page, "bars").locator("a.chart-target")
    bars.nth(1).click()
    expect(page).to_have_url(re.compile(r"\?list=1$"))
    page.go_back()
    bars.nth(0).click()
    expect(page).to_have_url(re.compile(r"\?place=1$"))


def test_pointing_tells_all_lines_of_a_day(shown):
    page = shown(DESK)
    chart = chart_of(page, "trend")
    chart.locator(".chart-target").nth(17).hover()
    expect(chart.locator(".chart-tip")).to_have_text("11-18本月 81上月 49去年同月 38")


def test_on_a_phone_the_first_tap_tells_and_the_second_follows(shown):
    page = shown(PHONE)
    chart = chart_of(page, "trend")
    day = chart.locator(".chart-target").nth(17)
    day.tap()
    expect(chart.locator(".chart-tip")).to_contain_text("再按一次看清单")
    assert "day" not in page.url
    day.tap()
    expect(page).to_have_url(re.compile(r"\?day=18$"))


def test_a_picture_takes_the_width_of_its_card_and_of_paper(shown):
    page = shown(DESK)
    picture = chart_of(page, "bars").locator(".chart-picture")

    def width() -> float:
        return picture.locator(".chart-drawn").evaluate("one => Number(one.getAttribute('width'))")

    wide = width()
    assert wide == pytest.approx(picture.bounding_box()["width"], abs=1)
    page.set_viewport_size({"width": 800, "height": 900})
    expect(picture.locator(".chart-drawn")).not_to_have_attribute("width", str(int(wide)))
    assert width() == pytest.approx(picture.bounding_box()["width"], abs=1)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert width() <= 680
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert width() == pytest.approx(picture.bounding_box()["width"], abs=1)


def test_colours_follow_the_theme(shown):
    page = shown(DESK)
    line = "document.querySelector('.chart-trend path[stroke=\"var(--blue)\"]')"
    seen = [page.evaluate(f"getComputedStyle({line}).stroke")]
    page.evaluate("document.body.classList.add('wall')")
    seen.append(page.evaluate(f"getComputedStyle({line}).stroke"))
    page.emulate_media(media="print")
    page.evaluate("document.body.classList.remove('wall')")
    seen.append(page.evaluate(f"getComputedStyle({line}).stroke"))
    assert seen == ["rgb(27, 79, 155)", "rgb(143, 188, 255)", "rgb(0, 0, 0)"]


def test_what_a_wall_has_renewed_is_drawn_anew(shown):
    page = shown(DESK)
    page.evaluate("""
        const [chart, fresh] = [document.querySelector('.chart-bars'), document.querySelector('.chart-bars').cloneNode(true)];
        fresh.querySelector('.chart-drawn').remove();
        fresh.querySelector('td a').textContent = '97.9%';
        chart.replaceWith(fresh);
        document.dispatchEvent(new CustomEvent('board:renewed'));
    """)
    expect(chart_of(page, "bars").locator(".chart-drawn")).to_contain_text("97.9%")
    assert "98.2%" not in chart_of(page, "bars").evaluate(TEXTS)


def test_a_rate_has_room_below_so_that_noise_looks_like_noise(shown):
    page = shown(DESK)
    rates = page.locator('[data-chart="trend"][data-unit="%"]')
    assert {"60%", "80%", "100%"} <= set(rates.evaluate(TEXTS))
    assert "0" in chart_of(page, "trend").evaluate(TEXTS), "counts begin at zero"


def test_a_table_opens_beside_its_picture(shown):
    chart = chart_of(shown(DESK), "funnel")
    expect(chart.locator("table")).not_to_be_visible()
    chart.get_by_text("看数据").click()
    expect(chart.get_by_role("link", name="1,911")).to_be_visible()


def test_pictures_and_their_open_tables_can_be_read_by_everybody(shown):
    page = shown(PHONE)
    for folded in page.locator(".chart summary").all():
        folded.click()
    found = Axe().run(page, context=".chart").response["violations"]
    assert [(breach["id"], breach["nodes"][0]["html"]) for breach in found] == []


def test_without_scripts_the_tables_stand_open(browser, live_server):
    with browser.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/styleguide/")
        tables = page.locator("[data-chart] table")
        assert tables.count() >= len(KINDS)
        for table in tables.all():
            expect(table).to_be_visible()
        expect(page.locator(".chart-picture:visible")).to_have_count(0)


def test_where_the_library_does_not_come_the_tables_open(browser, live_server):
    with browser.new_context(base_url=live_server.url) as context:
        page = context.new_page()
        page.route(LIBRARY, lambda route: route.abort())
        page.goto("/styleguide/")
        for table in page.locator("[data-chart] table").all():
            expect(table).to_be_visible()
        expect(page.locator(".chart-picture:visible")).to_have_count(0)


def test_a_page_without_a_chart_loads_no_file_of_charts(browser, live_server):
    with browser.new_context(base_url=live_server.url) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/login/")
        page.wait_for_load_state("networkidle")
        assert asked and not [url for url in asked if "chart" in url]
        page.goto("/styleguide/")
        expect(page.locator(".chart-drawn").first).to_be_visible()
        assert len([url for url in asked if LIBRARY.search(url)]) == 1
