"""A part of a page that the server refuses for now: the person reads why, and what was typed stays."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.lives import reported

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "小区门口两家水果摊摆到人行道上。"
REFUSALS = {429: "请过 3 秒再试一次。", 503: "这一步等得太久，没有办成。", 507: "系统的存储空间已满。"}


def refuse(page: Page, address: str, status: int) -> str:
    """Let the network answer for the server; returns the sentence."""
    body = json.dumps({"detail": REFUSALS[status]})
    page.unroute_all()
    page.route(
        address, lambda route: route.fulfill(status=status, content_type="application/json", body=body)
    )
    return REFUSALS[status]


def test_the_reason_is_read_at_the_page_and_nothing_typed_is_lost(signed_in):
    page = signed_in("shouli")
    page.goto("/desk/phone/")
    words = page.get_by_label("情况说明")
    words.fill(WORDS)
    for status in REFUSALS:
        sentence = refuse(page, "**/desk/phone/nearby/**", status)
        page.get_by_label("位置描述").fill(f"拓东路 {status} 号")
        page.get_by_label("位置描述").blur()
        expect(page.locator(".toasts")).to_contain_text(f"{sentence}本页填写的内容还在。")
        page.get_by_role("button", name="关闭").click()
    expect(words).to_have_value(WORDS)


def test_a_case_that_cannot_be_opened_says_why_in_its_place(signed_in):
    case = reported()
    page = signed_in("shequ")
    page.goto("/desk/?queue=open")
    row = page.locator(f"[data-case-list] [data-case='{case.uuid}']")
    for status in REFUSALS:
        sentence = refuse(page, f"**/cases/{case.uuid}/", status)
        row.click()
        expect(page.locator("#main").get_by_role("alert")).to_have_text(f"没有打开：{sentence}")
    page.unroute_all()
    row.click()
    expect(page.locator("#main .case-head")).to_be_visible()
