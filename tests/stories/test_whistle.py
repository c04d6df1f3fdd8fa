"""A whistle in real browsers: blown at a desk, answered on a phone, reported in by the code of the spot, settled."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import Loop, State
from partybuilding.codes import code_at
from partybuilding.models import Arrival, Whistle
from partybuilding.workflow import State as WhistleState
from tests.lives import case_at
from tests.stories.steps import DESK, PHONE, Device, named

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MANAGEMENT = "盘龙区城市管理局"


@pytest.fixture
def case() -> Case:
    """Stalls on the road that the street's enforcement team does not get rid of alone."""
    return case_at(State.HANDLING, loop=Loop.STREET, now=timezone.now() - dt.timedelta(minutes=30))


def blow(page: Page, case: Case) -> Whistle:
    """From the page of the case: kind, reason, demand, the unit that leads."""
    page.goto(f"/cases/{case.uuid}/")
    named(page.locator("[data-panel=whistle]"), "吹哨").click()
    form = page.locator("form.blow")
    form.get_by_label(re.compile("^综合执法哨")).check()
    form.get_by_label("研判需联动").check()
    form.get_by_label("到场联合处置").check()
    form.get_by_label("需求说明").fill("夜市占道反复，请城管到场联合处置。")
    form.get_by_label(f"{MANAGEMENT} 牵头").check()
    named(form, "吹哨").click()
    expect(page.locator(".case-now .badge")).to_have_text("已吹哨")
    return Whistle.objects.get(case=case)


def on_phone(page: Page, label: str, words: str = "") -> None:
    """The next move of my only call, and what it asks for."""
    page.goto("/field/calls/")
    named(page.locator(".call-next"), label).click()
    if words:
        form = page.locator(".move-form form[method=post]")
        form.get_by_role("textbox").first.fill(words)
        named(form, f"确认{label}").click()
    expect(page.locator("[data-toast]").last).to_contain_text(f"“{label}”已办理")


@pytest.mark.parametrize("desk", [DESK, PHONE], ids=["screen", "phone"])
def test_a_whistle_is_blown_answered_on_the_spot_and_settled(signed_in, case, desk: Device):
    secretary = signed_in("jieshuji", desk)
    whistle = blow(secretary, case)

    liaison = signed_in("cg_lianluo", PHONE)
    on_phone(liaison, "签收")
    on_phone(liaison, "联系", "已与街道联系，半小时到。")

    named(secretary.locator(".moves"), "报到二维码").wait_for()
    screen = secretary.context.new_page()
    screen.goto(f"/party/whistles/{whistle.uuid}/screen/")
    expect(screen.locator(".spot-code svg")).to_be_visible()
    screen.close()

    liaison.goto(f"/field/arrive/{whistle.uuid}/?code={code_at(whistle.uuid, timezone.now())}")
    expect(liaison.locator("input[name=position_longitude]")).not_to_have_value("")  # nobody is asked for it
    named(liaison.locator(".field-action"), "报到").click()
    expect(liaison.locator("[data-toast]").last).to_contain_text("已报到")
    there = Arrival.objects.get()
    assert there.proof == Arrival.Proof.CODE and there.distance is not None
    assert there.claimed_at is not None and there.other_time is None

    on_phone(liaison, "办结", "摊位已全部劝离并登记。")
    liaison.locator(".call-next").get_by_role("button", name="离场").click()
    liaison.get_by_role("dialog").get_by_role("button", name="离场").click()
    expect(liaison.get_by_text("现在没有召集您单位的哨令")).to_be_visible()

    secretary.goto(f"/party/whistles/{whistle.uuid}/")
    expect(secretary.locator(".call-steps li").last).to_contain_text("用时")
    named(secretary.locator(".moves"), "处置完毕").click()
    form = secretary.locator("#move form[method=post]")
    form.get_by_label("处置结果").fill("夜市已疏导入市场。")
    named(form, "确认处置完毕").click()
    expect(secretary.locator(".case-now .badge")).to_have_text("待核查")
    whistle.refresh_from_db()
    assert whistle.state == WhistleState.SETTLED


def test_who_is_not_signed_in_scans_first_and_signs_in_then(browser, live_server, case, signed_in):
    whistle = blow(signed_in("jieshuji"), case)
    phone = signed_in("cg_lianluo", PHONE)
    phone.context.clear_cookies()
    phone.goto(f"/field/arrive/{whistle.uuid}/?code={code_at(whistle.uuid, timezone.now())}")
    phone.get_by_label("账号", exact=True).fill("cg_lianluo")
    phone.get_by_label("密码", exact=True).fill("panlong-2026")
    phone.get_by_role("button", name="登录").click()
    expect(phone.get_by_text("二维码有效")).to_be_visible()
    named(phone.locator(".field-action"), "报到").click()
    expect(phone.locator("[data-toast]").last).to_contain_text("已报到")
