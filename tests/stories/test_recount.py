"""A leader doubts a number: many records are recounted in the background, and the page follows by itself."""

import pytest
from playwright.sync_api import expect

from appraisal import recounts
from appraisal.models import Recount
from cases.workflow import State
from tests.lives import case_at
from tests.stories.steps import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_follows_a_recount_by_itself(signed_in, monkeypatch):
    monkeypatch.setattr("appraisal.recounting.AT_ONCE", 1)
    monkeypatch.setattr(recounts, "STRETCH", 1)
    monkeypatch.setattr(recounts, "ROUND", 0)
    for _ in range(2):
        case_at(State.CLOSED)
    leader = signed_in("quling", PHONE)
    leader.goto("/board/measures/closed_in_time_rate/?begin=2026-01-01&until=2026-12-31")
    leader.get_by_role("link", name="按办理记录复算").click()
    leader.get_by_role("button", name="在后台复算").click()
    expect(leader.get_by_text("排队等候后台复算")).to_be_visible()
    assert recounts.work() == 1
    expect(leader.get_by_text("后台正在复算：已看 1 / 2 件")).to_be_visible()
    expect(leader.get_by_role("progressbar", name="复算进度")).to_be_visible()
    while recounts.work():
        pass
    expect(leader.get_by_text("一致：从 2 件的")).to_be_visible()
    expect(leader.get_by_role("progressbar")).to_have_count(0)
    assert Recount.objects.get().agrees
