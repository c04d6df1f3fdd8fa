"""A case that nobody touches is escalated community → street → district and ends as a supervision order."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.actions import sweep
from cases.models import Case, Leg, Supervision
from cases.workflow import Loop, State
from governance.actions import relay
from tests.lives import reported
from tests.stories.steps import find_in_queue

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def time_passes(case: Case, until_it_is_at: Loop | None = None) -> dt.datetime:
    """Let the sweep run whenever a mark of the case is due, until it is in a loop or under an order."""
    while True:
        now = Leg.objects.open().get(case=case).sweep_at
        assert now is not None, "nothing would ever look at this case again"
        sweep(now=now)
        case.refresh_from_db()
        if case.loop == until_it_is_at or case.supervisions.exists():
            relay(now=now)
            return now


def hear_of_it(page: Page, case: Case, asked: str) -> None:
    """Open the notice that asks for something from the inbox; it leads to the case."""
    page.goto("/inbox/")
    page.get_by_role("link").filter(has_text=f"{asked}：{case.number}").first.click()
    expect(page.locator(f"[data-case-page='{case.uuid}']")).to_be_visible()


def stands_elsewhere(page: Page, case: Case) -> None:
    """The level below still sees the case, but among those that others settle."""
    page.goto("/desk/?queue=mine-reported")
    expect(page.locator(f"[data-case='{case.uuid}']")).to_have_count(0)
    page.goto("/desk/?queue=else-reported")
    expect(page.locator(f"[data-case='{case.uuid}']")).to_be_visible()


def test_a_case_left_alone_ends_as_a_supervision_order_of_the_district_leader(signed_in):
    case = reported(now=timezone.now())
    clerk = signed_in("shequ")
    find_in_queue(clerk, "待立案", case)

    time_passes(case, Loop.STREET)
    chief = signed_in("zhiban")
    find_in_queue(chief, "待立案", case)
    expect(chief.locator("#main .timeline")).to_contain_text("超时自动转")
    stands_elsewhere(clerk, case)

    time_passes(case, Loop.DISTRICT)
    district_chief = signed_in("q_zhiban")
    find_in_queue(district_chief, "待立案", case)
    hear_of_it(district_chief, case, "请您立案")
    stands_elsewhere(chief, case)

    time_passes(case)
    order = Supervision.objects.get(case=case)
    assert (order.ordered_by, order.leader.username, case.state) == (None, "quling", State.REPORTED)
    leader = signed_in("quling")
    board_orders = leader.get_by_role("region", name="督办", exact=True)
    expect(board_orders).to_contain_text(case.number)
    hear_of_it(leader, case, "请您答复督办")
    expect(leader.locator("main")).to_contain_text("督办中")
    expect(leader.locator(".moves")).to_contain_text("督办回复")
