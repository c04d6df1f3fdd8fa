"""A handler who says "not ours": refused twice, decided once, kept as a precedent; and more time, asked and granted."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import Loop, State
from tests.lives import case_at
from tests.stories.steps import (
    choose,
    confirm,
    dispatch_as_proposed,
    find_in_queue,
    open_move,
    press,
    see_moved,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEAM = "综合执法队"


@pytest.fixture
def case() -> Case:
    """Goods on the pavement, dispatched to the street's enforcement team ten minutes ago."""
    return case_at(State.DISPATCHED, loop=Loop.STREET, now=timezone.now() - dt.timedelta(minutes=10))


def refuse(page: Page, case: Case, queue: str, reason: str) -> None:
    """Send the case back with a reason of the list and the unit thought right."""
    find_in_queue(page, queue, case)
    form = open_move(page, "回退")
    form.get_by_label("回退原因").select_option(label="不属于本单位职责")
    choose(form.get_by_label("认为应承办的单位"), "市场监督管理局")
    form.get_by_label("理由").fill(reason)
    confirm(page, form, "回退")


def adjudicate(page: Page, case: Case, grounds: str) -> None:
    """Decide which unit it is, and why."""
    find_in_queue(page, "争议待裁定", case)
    expect(page.locator("#main .timeline")).to_contain_text("认为应由")
    form = open_move(page, "裁定")
    choose(form.get_by_label("处置单位"), TEAM)
    form.get_by_label("理由").fill(grounds)
    confirm(page, form, "裁定")


def test_after_the_second_refusal_the_duty_chief_decides_and_it_stays_as_a_precedent(signed_in, case):
    handler, dispatcher, chief = signed_in("zhifa"), signed_in("paiqian"), signed_in("zhiban")
    first_due = case.due_at

    refuse(handler, case, "待签收", "属于无照经营，应由市场监管部门查处。")
    find_in_queue(dispatcher, "待派遣", case)
    expect(dispatcher.locator("#main .timeline")).to_contain_text("回退原因：不属于本单位职责")
    dispatch_as_proposed(dispatcher, TEAM)

    refuse(handler, case, "待签收", "再次核对，经营者确无执照。")
    case.refresh_from_db()
    assert case.state == State.DISPUTED

    grounds = "占用人行道在先，由执法队牵头，市场监管协助。"
    adjudicate(chief, case, grounds)
    see_moved(chief, "待签收")
    chief.get_by_role("link", name="看这件").click()
    told = chief.locator("#main .timeline li").first
    expect(told).to_contain_text("存为先例")
    expect(told).to_contain_text(grounds)
    expect(told).to_contain_text(TEAM)

    case.refresh_from_db()
    assert (case.state, case.refusals) == (State.DISPATCHED, 2)
    assert case.due_at == first_due, "the same unit keeps its old due date"


def test_more_time_is_asked_by_the_handler_and_granted_by_the_dispatcher(signed_in, case):
    handler, dispatcher = signed_in("zhifa"), signed_in("paiqian")
    find_in_queue(handler, "待签收", case)
    press(handler, "签收")
    see_moved(handler, "处置中")
    find_in_queue(handler, "处置中", case)
    form = open_move(handler, "申请延期")
    form.get_by_label("理由").fill("经营者外出，约定明早搬离。")
    form.get_by_label("延长多少").fill("2")
    confirm(handler, form, "申请延期")
    expect(handler.locator("main")).to_contain_text("延期申请待批")

    find_in_queue(dispatcher, "申请待批", case)
    expect(dispatcher.locator("main")).to_contain_text("延期申请待批")
    press(dispatcher, "批准延期")
    expect(dispatcher.locator("[data-toast]").last).to_contain_text("已批准延期")
    dispatcher.get_by_role("link", name="看这件").click()
    expect(dispatcher.locator("#main .timeline li").first).to_contain_text("新的截止时间")

    before = case.due_at
    case.refresh_from_db()
    assert case.extensions == 1 and case.due_at > before
