"""A leader with two minutes: what is wrong, where, who is waited for, and the order to see to it; on a phone and at a desk."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.actions import sweep
from cases.models import Case, Leg, Supervision
from cases.workflow import Lateness, Loop, State
from governance.actions import relay
from tests.lives import case_at
from tests.stories.steps import DESK, PHONE, Device, figure, named, number_of, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def one_late_among_others() -> Case:
    """A case that its unit lets lie beyond the deadline, between cases that are on their way."""
    now = timezone.now()
    late = case_at(State.HANDLING, loop=Loop.STREET, now=now - dt.timedelta(days=30))
    sweep(now=late.due_at + dt.timedelta(minutes=1))
    for state in (State.REPORTED, State.HANDLING, State.HANDLED, State.CLOSED):
        case_at(state, now=now - dt.timedelta(hours=2))
    late.refresh_from_db()
    assert (late.lateness, late.state) == (Lateness.RED, State.HANDLING)
    return late


def sees_what_is_wrong(leader: Page, late: Case) -> None:
    """The first screen: the number, and the case by name without another page."""
    assert number_of(figure(leader, "超期未结")) == 1
    worst = leader.get_by_role("region", name="今天要盯的").locator(".case-row").first
    expect(worst).to_contain_text(late.category.name)
    expect(worst).to_contain_text(re.compile(r"超 \d+ 天"))
    expect(worst).to_contain_text(late.unit.name)


def goes_where_it_is(leader: Page, late: Case) -> None:
    """The street with the late case stands first; its page is about it alone."""
    streets = leader.get_by_role("region", name="各街道")
    streets.locator("tbody tr").first.get_by_role("link", name=late.street.name).click()
    expect(leader.get_by_role("heading", level=1)).to_contain_text(late.street.name)
    assert number_of(figure(leader, "超期未结")) == 1


def sees_who_is_waited_for(leader: Page, late: Case) -> None:
    """The unit that lets it lie is named, with how many are late."""
    waited = leader.locator(".wait", has_text=late.unit.name)
    expect(waited).to_contain_text("超期 1")


def orders_it(leader: Page) -> None:
    """Supervision from the row of the case."""
    leader.get_by_role("region", name="今天要盯的").get_by_role("link", name="督办").first.click()
    form = leader.locator(".move-form form[method=post]")
    form.get_by_label("理由").fill("今天下班前办结，办完报我。")
    named(form, "确认督办").click()
    expect(leader.locator("[data-toast]").last).to_contain_text("督办")


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
def test_a_leader_with_two_minutes_knows_what_is_wrong_and_orders_it(signed_in, device: Device):
    late = one_late_among_others()
    leader = signed_in("quling", device)
    sees_what_is_wrong(leader, late)
    goes_where_it_is(leader, late)
    sees_who_is_waited_for(leader, late)
    orders_it(leader)

    order = Supervision.objects.get(case=late)
    assert order.ordered_by.username == "quling"
    relay(now=timezone.now())
    leader.goto("/board/")
    expect(leader.get_by_role("region", name="督办", exact=True)).to_contain_text(late.number)
    worst = leader.get_by_role("region", name="今天要盯的").locator(".break-row").first
    expect(worst).to_contain_text("督办中")

    handler = signed_in(with_password(Leg.objects.open().get(case=late).person))
    handler.goto("/inbox/")
    named_order = handler.get_by_role("link").filter(has_text=late.number).first
    expect(named_order).to_contain_text("督办")
    named_order.click()
    expect(named(handler.locator(".moves"), "督办回复")).to_be_visible()
