"""A dispatcher's morning without a mouse: the queue is worked off by keys, and the next case opens each time."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import Loop, State
from tests.lives import case_at, words_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "地点不清，请受理席再问一次。"


def waiting(number: int) -> list[Case]:
    """Cases that wait for the dispatcher, in the order of their queue."""
    earlier = timezone.now() - dt.timedelta(minutes=30)
    return [
        case_at(State.REGISTERED, loop=Loop.STREET, now=earlier + dt.timedelta(minutes=3 * nth))
        for nth in range(number)
    ]


def sees(page: Page, case: Case) -> None:
    expect(page.locator(f"#main [data-case-page='{case.uuid}']")).to_be_visible()


def test_a_queue_is_worked_off_by_keys_alone(signed_in):
    first, second, third, fourth = waiting(4)
    page = signed_in("paiqian")
    page.goto("/desk/?queue=mine-registered")
    keys = page.keyboard

    keys.press("j")
    keys.press("Enter")
    sees(page, first)
    keys.press("d")  # to the unit that is proposed
    sees(page, second)

    keys.press("t")  # sent back: a form opens in place, is closed, and opened again
    form = page.locator("#move .move-form")
    expect(form.get_by_label("理由")).to_be_focused()
    expect(form.locator("[data-outcome]")).to_contain_text("新时限：")
    keys.press("Escape")
    expect(form).to_have_count(0)
    keys.press("t")
    expect(form.get_by_label("理由")).to_be_focused()
    keys.type(WHY)
    keys.press("Control+Enter")
    sees(page, third)

    keys.press(".")  # the other moves
    expect(page.locator(".moves-rest .menu-sheet")).to_be_visible()
    keys.press("Escape")
    expect(page.locator(".moves-rest .menu-sheet")).to_be_hidden()
    keys.press("d")
    sees(page, fourth)
    keys.press("d")
    expect(page.locator("#main .pane-empty")).to_be_visible()

    states = [Case.objects.get(pk=case.pk).state for case in (first, second, third, fourth)]
    assert states == [State.DISPATCHED, State.REPORTED, State.DISPATCHED, State.DISPATCHED]
    assert words_of(second, "return") == WHY
