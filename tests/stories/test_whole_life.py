"""From a heap of rubbish seen on the street to a leader's figures: one case, six people, six steps."""

import re

import pytest
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import State
from tests.stories.steps import (
    PHONE,
    close,
    dispatch_to,
    drawn_for,
    feed_back,
    figure,
    find_in_queue,
    look_on_site,
    number_of,
    opens_what_it_counts,
    press,
    register,
    report,
    see_moved,
    see_state,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "单元门口垃圾成堆，有异味，影响通行。"


def see_on_map(page: Page, case: Case) -> None:
    """The leader's map shows the case: in its data, and as a mark that leads to it."""
    around = f"{case.longitude - 0.01},{case.latitude - 0.01},{case.longitude + 0.01},{case.latitude + 0.01}"
    shown = page.request.get(f"/map/cases.json?zoom=15&box={around}").json()
    assert [one["uuid"] for one in shown["cases"]] == [str(case.uuid)]
    page.get_by_role("button", name=re.compile("^暴露垃圾，处置中")).click()
    page.locator(".leaflet-popup a.map-case").click()
    expect(page).to_have_url(re.compile(str(case.uuid)))
    see_state(page, "处置中")


def test_a_report_walks_six_steps_and_stands_in_the_leaders_figures(signed_in):
    worker = signed_in("wangge", PHONE)
    case = report(worker, category="暴露垃圾", words=WORDS)
    expect(worker.locator(".facts")).to_contain_text("社区自循环")
    worker.get_by_text("为什么去那里").click()
    expect(worker.locator(".done")).to_contain_text("权责 06010 暴露垃圾")

    clerk = signed_in("shequ")
    find_in_queue(clerk, "待立案", case)
    expect(clerk.locator("#main .case-title")).to_contain_text("单元门口垃圾成堆")
    register(clerk)
    find_in_queue(clerk, "待派遣", case)
    dispatch_to(clerk, "物业")

    handler = signed_in("wuye")
    find_in_queue(handler, "待签收", case)
    press(handler, "签收")
    see_moved(handler, "处置中")

    leader = signed_in("jielingdao")
    see_on_map(leader, case)

    find_in_queue(handler, "处置中", case)
    feed_back(handler, "垃圾已清运，地面已冲洗。")
    see_moved(handler, "待核查")

    case.refresh_from_db()
    verifier_name = drawn_for(case)
    assert verifier_name not in ("wangge", "wuye")
    verifier = signed_in(verifier_name, PHONE)
    look_on_site(verifier, case, "核查通过", "现场干净，无残留。")
    see_state(verifier, "待结案")

    find_in_queue(clerk, "待结案", case)
    close(clerk)
    see_moved(clerk, "待评价")

    worker.goto("/field/?tab=mine")
    worker.locator(f"a[href='/cases/{case.uuid}/']").click()
    worker.locator(".field-action").get_by_role("link", name="评价").click()
    worker.get_by_label("5 分").check()
    worker.get_by_role("button", name="确认评价").click()
    see_state(worker, "已评价")

    case.refresh_from_db()
    assert (case.state, case.grade, case.was_late) == (State.EVALUATED, "5", False)

    leader.goto("/board/")
    assert number_of(figure(leader, "在办")) == 0
    for label in ("按期结案率", "基层办结率"):
        assert number_of(figure(leader, label)) == 1
        expect(figure(leader, label)).to_contain_text("样本少，只看件数")
    for label in ("在办", "超期未结", "上报数", "按期结案率", "基层办结率"):
        opens_what_it_counts(leader, label)
    figure(leader, "基层办结率").locator(".stat-number > a").click()
    leader.locator(f"#main a[href='/cases/{case.uuid}/']").click()
    expect(leader.locator("#main .steps")).to_contain_text("考核评价")
    see_state(leader, "已评价")
