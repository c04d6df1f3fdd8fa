"""A check on the phone: what is needed stands above its form, and from afar a reason is asked."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cases.models import Leg
from cases.workflow import PositionSource, State
from tests.lives import case_at, inside
from tests.stories.steps import PHONE, be_located, drawn_for, named, open_to_do, take_photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
METRES = 1 / 111_320  # degrees of latitude


def test_a_check_from_the_road_behind_the_river_asks_why_and_is_marked(signed_in):
    case = case_at(State.HANDLED)
    leg = Leg.objects.open().get(case=case)
    phone = signed_in(drawn_for(case), PHONE)
    longitude, latitude = inside()
    phone.context.set_geolocation(
        {"longitude": longitude, "latitude": latitude + 300 * METRES, "accuracy": 12}
    )
    open_to_do(phone, case)
    named(phone.locator("main"), "核查通过").click()
    top = phone.locator(".move-top")
    expect(top).to_contain_text("拓东路 88 号门口")
    expect(top).to_contain_text("单元门口堆放旧家具")
    expect(top).to_contain_text("结案条件")
    expect(top.locator("figure")).to_have_count(2)
    form = phone.locator(".move-form form[method=post]")
    expect(form.locator("[data-position-how]")).to_contain_text("手机定位")
    expect(top.locator("[data-away]")).to_have_text("距案件 300 米")
    why = form.get_by_label("为什么不在现场")
    expect(why).to_be_visible()
    breaches = Axe().run(phone).response["violations"]
    assert [one["id"] for one in breaches if one["impact"] in ("serious", "critical")] == []
    assert phone.evaluate("document.scrollingElement.scrollWidth") == PHONE.width

    form.locator(".phrases button").first.click()
    expect(form.get_by_label("说明", exact=True)).to_have_value("现场已恢复，符合结案条件")
    take_photo(form, after=True)
    named(form, "确认核查通过").click()
    expect(phone.locator(".field-box.is-wrong")).to_contain_text("请说明为什么不在现场")
    expect(form.locator("[data-position-how]")).to_contain_text("手机定位")  # true also after an error
    why.fill("院门锁着，隔墙查看")
    named(form, "确认核查通过").click()
    expect(phone.locator("[data-toast]")).to_contain_text("已核查通过")
    expect(phone.get_by_role("heading", name="办好了")).to_be_visible()
    phone.get_by_role("link", name=case.number).click()
    expect(phone.locator(".timeline")).to_contain_text("远距离核查")
    leg.refresh_from_db()
    assert (leg.is_far, leg.position_source) == (True, PositionSource.DEVICE)


def test_on_the_spot_nothing_more_is_asked_and_a_pin_says_so(signed_in):
    case = case_at(State.HANDLED)
    leg = Leg.objects.open().get(case=case)
    phone = signed_in(drawn_for(case), PHONE)
    open_to_do(phone, case)
    named(phone.locator("main"), "核查通过").click()
    form = phone.locator(".move-form form[method=post]")
    be_located(form)
    expect(form.get_by_label("为什么不在现场")).to_be_hidden()
    form.get_by_role("button", name="选点").click()
    form.get_by_role("button", name="选地图中心").click()
    expect(form.locator("[data-position-how]")).to_contain_text("地图选点")
    take_photo(form, after=True)
    form.get_by_label("说明", exact=True).fill("已清理")
    named(form, "确认核查通过").click()
    expect(phone.locator("[data-toast]")).to_contain_text("已核查通过")
    leg.refresh_from_db()
    assert (leg.is_far, leg.position_source) == (False, PositionSource.PIN)
