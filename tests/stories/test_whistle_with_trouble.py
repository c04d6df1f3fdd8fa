"""A whistle that does not go smoothly: one department names another, one is late; checked, closed and scored in browsers."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from cases.models import Case
from cases.workflow import Loop, State
from partybuilding.actions import sweep
from partybuilding.models import Score, Whistle
from partybuilding.workflow import State as WhistleState
from tests import people
from tests.lives import case_at, inside, walk
from tests.partybuilding.blowing import MANAGEMENT, MARKET, NEED, POLICE, blown, call_of, do
from tests.stories.steps import (
    DESK,
    PHONE,
    Device,
    choose,
    close,
    drawn_for,
    look_on_site,
    named,
    see_state,
    with_password,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Urgent hours run at any time of the day: of an emergency whose units were called then, sign and contact are late.
CALLED = dt.timedelta(minutes=20)


@pytest.fixture
def whistle() -> Whistle:
    """An emergency of which nobody has signed yet, whose ladders have gone as far as they were due."""
    now = timezone.now()
    case = case_at(State.HANDLING, loop=Loop.STREET, now=now - dt.timedelta(hours=2))
    found = blown(case, kind="emergency", source="emergency", now=now - CALLED)
    sweep(now=now)
    return found


def open_whistle(page: Page, whistle: Whistle) -> None:
    page.goto(f"/party/whistles/{whistle.uuid}/")


def row_of(page: Page, whistle: Whistle, code: str) -> Locator:
    """A called unit on the page of its whistle."""
    return page.locator(f"#call-{call_of(whistle, code).pk}")


def fill_in(page: Page, label: str, *boxes: tuple[str, str]) -> None:
    """Send the form of a move that has just been opened: words by the label of their box."""
    form = page.locator(".move-form form[method=post]")
    for box, words in boxes:
        form.get_by_label(box).fill(words)
    named(form, f"确认{label}").click()
    expect(page.locator("[data-toast]").last).to_contain_text(f"“{label}”已办理")


def score(page: Page, button: str, move: str, **marks: int) -> None:
    """Score by the first button of this name on the page of a whistle."""
    named(page.locator(".call-moves"), button).click()
    for name, mark in marks.items():
        page.locator(f"input[name={name}][value='{mark}']").check()
    fill_in(page, move)


def refuse(page: Page, whistle: Whistle) -> None:
    """The police say that it is not theirs, and whose it is."""
    open_whistle(page, whistle)
    named(row_of(page, whistle, POLICE), "回退").click()
    form = page.locator(".move-form form[method=post]")
    form.get_by_label("不属于本单位职责").check()
    choose(form.get_by_label("认为应召集的单位"), "市场监督管理局")
    fill_in(page, "回退", ("理由", "无证经营由市场监管查处。"))


def verified(case: Case, signed_in) -> None:
    """Feedback of the unit that handles the case; whoever is drawn looks, on the spot."""
    walk(case, "feedback", now=timezone.now())
    verifier = drawn_for(case)
    look_on_site(signed_in(verifier, PHONE), case, "核查通过", "摊位清空，通道畅通。")


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["screen", "phone"])
def test_one_names_another_one_is_late_and_both_sides_score_when_the_case_is_closed(
    signed_in, whistle, device: Device
):
    police = signed_in(with_password(people.someone("liaison", POLICE)), device)
    refuse(police, whistle)

    secretary = signed_in("jieshuji", device)
    open_whistle(secretary, whistle)
    expect(row_of(secretary, whistle, POLICE)).to_contain_text("盘龙区市场监督管理局，已改召")
    expect(row_of(secretary, whistle, MARKET)).to_contain_text("办结时限不重新起算")
    late = row_of(secretary, whistle, MANAGEMENT).locator(".call-steps li").first
    expect(late).to_have_class(re.compile("is-red"))
    expect(late).to_contain_text("超")

    liaison = signed_in("cg_lianluo", PHONE)
    liaison.goto(f"/field/arrive/{whistle.uuid}/")
    expect(liaison.locator("input[name=position_longitude]")).not_to_have_value("")
    named(liaison.locator(".field-action"), "报到").click()
    expect(liaison.locator("[data-toast]").last).to_contain_text("已报到")
    liaison.goto("/field/calls/")
    named(liaison.locator(".call-next"), "办结").click()
    fill_in(liaison, "办结", ("办结情况", "摊位已清空。"))
    market = people.someone("liaison", MARKET)
    do(whistle, "arrive", market, of=MARKET, now=timezone.now(), position=inside())
    do(whistle, "finish", market, of=MARKET, now=timezone.now(), words="无证两户已立案。")

    open_whistle(secretary, whistle)
    named(secretary.locator(".moves"), "处置完毕").click()
    fill_in(secretary, "处置完毕", ("处置结果", "通道已恢复。"))
    see_state(secretary, "待核查")

    verified(whistle.case, signed_in)
    chief = signed_in("zhiban")
    chief.goto(f"/cases/{whistle.case.uuid}/")
    close(chief)
    expect(chief.locator("[data-panel=whistle]")).to_contain_text("待互评")

    open_whistle(secretary, whistle)
    see_state(secretary, "待互评")
    score(secretary, "评价该单位", "评价部门", speed=2, attitude=4, result=5)
    score(secretary, "评价该单位", "评价部门", speed=5, attitude=5, result=5)
    do(whistle, "score_whistle", market, call=call_of(whistle, MARKET), now=timezone.now(), **NEED)
    open_whistle(liaison, whistle)
    score(liaison, "评价哨令", "评价哨令", needed=5, clear=4, prepared=3)
    see_state(liaison, "已归档")
    expect(row_of(liaison, whistle, MANAGEMENT)).to_contain_text("响应速度 2 分")

    whistle.refresh_from_db()
    assert (whistle.state, whistle.case.events.latest("sequence").move) == (WhistleState.SCORED, "close")
    assert Score.objects.count() == 4
    signed = call_of(whistle, MANAGEMENT).clocks.get(step="sign")
    assert (signed.lateness, signed.outcome) == ("red", "done")
