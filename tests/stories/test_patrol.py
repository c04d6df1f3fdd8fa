"""A patrol: begun at the door, walked with a finding on the way, ended without signal, sent when there is signal again."""

import re

import pytest
from playwright.sync_api import Page, expect

from cases.models import Case
from patrols.models import Patrol
from tests import people
from tests.lives import inside
from tests.stories.phones import Contents, wait_until
from tests.stories.steps import PHONE, be_located, choose_category, named, sign_in, take_photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: About 22 m to the north, in degrees.
STEP = 0.0002


def walk(page: Page, steps: int) -> None:
    """Go north and back again, and be seen there."""
    longitude, latitude = inside()
    for step in [*range(steps), 0]:
        page.context.set_geolocation(
            {"longitude": longitude, "latitude": latitude + step * STEP, "accuracy": 8}
        )
        page.wait_for_timeout(1100)


def way(page: Page) -> str:
    return page.locator("[data-patrol]").inner_text()


def test_a_worker_patrols_finds_something_and_sends_it_when_there_is_signal(signed_in):
    page = signed_in("wangge", PHONE)
    errors = []
    page.on("pageerror", lambda problem: errors.append(str(problem)))
    page.goto("/field/patrols/")
    expect(page.get_by_text("还没有巡查记录")).to_be_visible()
    page.get_by_role("button", name="开始巡查").click()
    expect(page.locator("[data-patrol]")).to_contain_text("巡查中")
    walk(page, 4)
    expect(page.locator("[data-patrol]")).to_have_text(re.compile(r"[1-9]\d* 米"))

    # What was walked survives another page, and what is kept can't be read by anybody else.
    page.get_by_role("link", name="发现问题，上报").click()
    form = page.locator("[data-report]")
    be_located(form)
    expect(page.locator("[data-patrol-strip]")).to_contain_text("巡查中")
    take_photo(form)
    choose_category(page, "暴露垃圾")
    page.get_by_label("情况说明").fill("单元门口垃圾成堆")
    named(page.locator("[data-report] .field-action"), "上报").click()
    expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    case = Case.objects.get()
    assert case.source == Case.Source.PATROL
    found = Contents(page)
    kept = [item for item in found.items if item["kind"] == "patrols"]
    assert len(kept) == 1 and "sealed" in kept[0] and not found.tells(str(inside()[0]))

    page.goto("/field/patrols/")
    expect(page.locator("[data-patrol]")).to_contain_text("发现 1 件")
    page.context.set_offline(True)
    page.get_by_role("button", name="结束巡查").click()
    expect(page.locator("[data-queue-list]")).to_contain_text("有信号时自动上传")
    assert not Patrol.objects.exists()
    page.context.set_offline(False)
    page.get_by_role("link", name="发现 1 件").click()

    patrol = Patrol.objects.get()
    assert patrol.by == people.worker() and patrol.findings == [case.uuid] and len(patrol.points) >= 3
    expect(page.get_by_role("heading", name="发现 1 件")).to_be_visible()
    drawn = page.locator("svg:has(> g > path.track)").bounding_box()
    assert drawn and drawn["width"] > 100 and drawn["height"] > 100
    page.get_by_role("link", name="返回我的巡查").click()
    expect(page.get_by_role("button", name="开始巡查")).to_be_visible()
    wait_until(
        page, lambda: not [item for item in Contents(page).items if item["kind"] in ("patrols", "moves")]
    )
    assert errors == []


def test_a_patrol_outlives_a_page_that_is_loaded_anew_and_is_not_a_colleagues(signed_in):
    page = signed_in("wangge", PHONE)
    page.goto("/field/patrols/")
    page.get_by_role("button", name="开始巡查").click()
    walk(page, 3)
    page.wait_for_timeout(500)
    page.reload()
    expect(page.locator("[data-patrol]")).to_contain_text("巡查中")
    page.locator("summary[aria-label*='岗位与退出']").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/**")
    sign_in(page, "xuncha")
    page.goto("/field/patrols/")
    expect(page.get_by_role("button", name="开始巡查")).to_be_visible()
    assert "巡查中" not in way(page)
