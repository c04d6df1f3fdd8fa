"""A resident calls: one screen, a look on site, and only then a case; the caller's number stays masked."""

import re

import pytest
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import State
from governance.models import AccessLog
from tests.stories.steps import (
    PHONE,
    choose,
    choose_category,
    drawn_for,
    find_in_queue,
    look_on_site,
    press,
    register,
    save_screen,
    see_state,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NUMBER, MASKED = "13987654321", "139****4321"
WORDS = "小区门口两家水果摊摆到人行道上，老人只能走车道。"


def take_call(page: Page) -> Case:
    """Write down in one screen who calls, what it is and where."""
    page.get_by_role("link", name=re.compile("^来电登记")).click()
    page.get_by_label("联系电话").fill(NUMBER)
    page.get_by_label("来电人称呼").fill("王女士")
    page.get_by_label("情况说明").fill(WORDS)
    choose_category(page, "占道经营")
    page.get_by_label("位置描述").fill("拓东路 88 号小区门口")
    choose(page.locator("[name=grid]"), "尚义社区第1网格")
    expect(page.locator("#nearby")).to_contain_text("附近没有在办的案件")
    save_screen(page, "phone")
    page.get_by_role("button", name="登记").click()
    see_state(page, "待立案")
    return Case.objects.get(uuid=page.url.rstrip("/").rpartition("/")[2])


def look_up_caller(page: Page, reason: str) -> None:
    """Unmask the caller, which asks for a reason."""
    page.get_by_text("查看", exact=True).click()
    page.get_by_label("查看事由").fill(reason)
    page.get_by_role("button", name="查看并留痕").click()
    expect(page.locator("main")).to_contain_text(NUMBER)


def test_a_call_is_checked_on_site_before_it_is_registered(signed_in):
    acceptor = signed_in("shouli")
    case = take_call(acceptor)
    expect(acceptor.locator("main")).to_contain_text(MASKED)
    assert NUMBER not in acceptor.content()
    press(acceptor, "核实")
    see_state(acceptor, "待核实")

    checker_name = drawn_for(case)
    assert checker_name != "shouli"
    checker = signed_in(checker_name, PHONE)
    look_on_site(checker, case, "核实属实", "两个摊位占了整条人行道。")
    assert NUMBER not in checker.content()

    chief = signed_in("zhiban")
    find_in_queue(chief, "待立案", case)
    expect(chief.locator("#main .timeline")).to_contain_text("两个摊位占了整条人行道。")
    assert NUMBER not in chief.content()
    register(chief)

    case.refresh_from_db()
    assert (case.state, case.source) == (State.REGISTERED, Case.Source.PHONE)
    assert set(case.photos.values_list("by__username", flat=True)) == {checker_name}


def test_the_callers_number_is_shown_for_a_reason_only_and_the_look_is_written_down(signed_in):
    acceptor = signed_in("shouli")
    case = take_call(acceptor)
    assert not AccessLog.objects.exists()
    look_up_caller(acceptor, "回访核对地址")
    look = AccessLog.objects.get()
    assert (look.user.username, look.subject) == ("shouli", f"case:{case.pk}:contact")
    assert look.reason == "回访核对地址"
    acceptor.get_by_role("link", name="返回案件").click()
    expect(acceptor.locator("main")).to_contain_text(MASKED)
    assert NUMBER not in acceptor.content()
