"""An open desk says what came meanwhile without moving anything, and who else has the case open."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.workflow import Loop, State
from governance.models import User
from tests.lives import case_at, walk
from tests.stories.steps import named

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def waiting(minutes_ago: int):
    return case_at(State.REGISTERED, loop=Loop.STREET, now=timezone.now() - dt.timedelta(minutes=minutes_ago))


def looks_again(page: Page) -> None:
    """What the page asks by itself every twenty seconds, or when somebody comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_new_work_and_a_colleague_are_seen_without_a_jump(signed_in):
    case = waiting(20)
    dispatcher, chief = signed_in("paiqian"), signed_in("zhiban")
    address = f"/desk/?queue=open&case={case.uuid}"
    chief.goto(address)
    dispatcher.goto(address.replace("open", "mine-registered"))
    name = User.objects.get(username="zhiban").name
    expect(dispatcher.locator(".presence")).to_have_text(f"{name} 在看")

    rows = dispatcher.locator("[data-case-list] [data-case]")
    expect(rows).to_have_count(1)
    case_at(State.REGISTERED, loop=Loop.STREET)  # long ago by its clock, so not new
    # A walk takes a minute: what is registered ahead of the clock stays new.
    before = timezone.now() - dt.timedelta(minutes=1)
    walk(case_at(State.REPORTED, loop=Loop.STREET, now=before), "register", now=before)
    looks_again(dispatcher)
    strip = dispatcher.get_by_role("button", name="1 件新到")
    expect(strip).to_be_visible()
    assert dispatcher.title().startswith("(1) ")
    expect(rows).to_have_count(1)
    strip.click()
    expect(rows).to_have_count(3)
    expect(strip).to_be_hidden()


def test_a_refused_form_and_a_conflict_stay_beside_the_case(signed_in):
    case = waiting(20)
    page = signed_in("paiqian")
    page.goto(f"/desk/?queue=mine-registered&case={case.uuid}")
    named(page.locator(".moves"), "退回").click()
    form = page.locator("#move .move-form")
    expect(form.get_by_label("理由")).to_be_focused()
    named(form, "确认退回").click()
    expect(form.get_by_text("请填写理由。")).to_be_visible()
    expect(page.locator("#main .case-told")).to_be_visible()
    expect(page.locator("[data-case-list] [aria-current]")).to_be_visible()

    form.get_by_label("理由").fill("地点不清，请再问一次。")
    walk(case, "dispatch", now=timezone.now())
    named(form, "确认退回").click()
    moved_on = page.locator("#main .moved-on")
    expect(moved_on).to_contain_text("案件现为“待签收”")
    expect(moved_on).to_contain_text("地点不清，请再问一次。")
    expect(page.locator("#main .case-now .badge")).to_have_text("待签收")
