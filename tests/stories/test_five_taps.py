"""Camera, category, done: what a worker presses and types where the category speaks for itself."""

from dataclasses import replace

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import Case
from governance.roles import Role
from tests import people
from tests.lives import inside, reported
from tests.stories.steps import PHONE, be_located, camera_file, named, open_device, sign_in, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_TAPS, MOST_TYPED = 5, 0

#: Every finger on the glass, every character typed, over all pages.
_COUNT = """
const add = (name, more) => sessionStorage.setItem(name, Number(sessionStorage.getItem(name)) + more);
addEventListener("pointerdown", ({ isTrusted }) => isTrusted && add("taps", 1), true);
addEventListener("beforeinput", ({ data }) => add("typed", (data ?? "?").length), true);
"""


def counted(page: Page, name: str) -> int:
    return int(page.evaluate("(name) => sessionStorage.getItem(name) ?? 0", name))


@pytest.fixture
def phone(browser, live_server):
    """Phones of 390 px, and of what a test asks for."""
    contexts = []

    def take(username: str, width: int = 390) -> Page:
        context = open_device(browser, live_server.url, replace(PHONE, width=width))
        contexts.append(context)
        page = context.new_page()
        sign_in(page, username)
        return page

    yield take
    for context in contexts:
        context.close()


def shoot(page: Page) -> None:
    with page.expect_file_chooser() as chosen:
        page.locator(".when-site .camera").tap()
    chosen.value.set_files(camera_file())


@pytest.mark.parametrize("width", [390, 360])
def test_a_report_takes_at_most_five_taps_and_no_typed_character(phone, width):
    longitude, latitude = inside()
    earlier = reported(
        now=timezone.now(), position=[longitude + 0.01, latitude]
    )  # among the worker's own eight
    page = phone("wangge", width)
    page.goto("/field/")
    page.evaluate(_COUNT)
    page.context.add_init_script(_COUNT)
    page.get_by_role("link", name="上报").last.tap()
    be_located(page.locator("[data-report]"))
    shoot(page)
    page.get_by_role("button", name=earlier.category.name, exact=True).tap()
    expect(page.get_by_text("系统按类别和位置拟的，可以改")).to_be_visible()
    named(page.locator(".report > .field-action"), "上报").tap()
    expect(page.locator(".done-tick")).to_contain_text("已收到")
    taps, typed = counted(page, "taps"), counted(page, "typed")
    print(f"a report: {taps} taps, {typed} characters typed")
    assert 0 < taps <= MOST_TAPS and typed == MOST_TYPED
    case = Case.objects.exclude(pk=earlier.pk).get()
    assert case.texts.get().body == f"尚义社区第1网格发现{case.category.name}。" and case.photos.count() == 1
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight + 1"), "one screen"
    assert named(page.locator(".field-action"), "再报一件").is_visible()
    assert named(page.locator(".field-action"), "下一件").is_visible()


def test_what_is_reported_already_is_asked_in_one_line_after_the_category(phone):
    longitude, latitude = inside()
    other = people.someone(Role.SUPERVISOR, people.STREET)
    case = reported(
        now=timezone.now(), by=other, words="门口旧家具", position=[longitude + 0.00015, latitude]
    )
    far = reported(now=timezone.now(), position=[longitude + 0.01, latitude])
    page = phone("wangge")
    page.goto("/field/report/")
    be_located(page.locator("[data-report]"))
    expect(page.locator(".nearby")).to_have_count(0)
    page.get_by_role("button", name=case.category.name, exact=True).tap()
    expect(page.locator(".nearby-head")).to_contain_text("15 米外已有 1 件同类：门口旧家具")
    expect(page.locator("[data-send-label]")).to_have_text("不是，上报")
    page.get_by_role("button", name="不是", exact=True).tap()
    expect(page.locator(".nearby")).to_have_count(0)
    expect(page.locator("[data-send-label]")).to_have_text("上报")

    page.goto("/field/report/")
    be_located(page.locator("[data-report]"))
    shoot(page)
    page.get_by_role("button", name=case.category.name, exact=True).tap()
    page.get_by_role("button", name="就是这件").tap()
    expect(page.locator(".done-tick")).to_contain_text("已并入这件")
    case.refresh_from_db()
    assert people.worker().pk in case.reporters and case.photos.count() == 1
    assert set(Case.objects.all()) == {case, far}


def test_a_position_outside_the_district_is_asked_about_once(phone):
    page = phone(with_password(people.worker()))
    page.context.set_geolocation({"longitude": 116.39, "latitude": 39.91, "accuracy": 10})
    page.goto("/field/report/")
    expect(page.locator("[data-position-where]")).to_contain_text("不在任何网格内")
    page.get_by_role("searchbox", name="类别").fill("bllj")
    page.locator(".pick").first.tap()
    named(page.locator(".report > .field-action"), "上报").tap()
    expect(page.locator("[data-errors-for=outside]")).to_contain_text("位置在本区以外")
    assert not Case.objects.exists()
    named(page.locator(".report > .field-action"), "上报").tap()
    expect(page.locator(".done-tick")).to_contain_text("已收到")


def test_the_own_eight_are_there_without_signal_too(browser, live_server):
    longitude, latitude = inside()
    earlier = reported(now=timezone.now(), position=[longitude + 0.01, latitude])
    context = open_device(browser, live_server.url, PHONE, service_workers="allow")
    page = context.new_page()
    sign_in(page, "wangge")
    page.goto("/field/report/")
    page.get_by_role("button", name=earlier.category.name, exact=True).wait_for()
    page.wait_for_function("() => Boolean(navigator.serviceWorker.controller)")
    page.wait_for_function("""async () => Boolean(await caches.match("/field/shell/"))""")
    page.wait_for_function(
        """async () => Boolean(await (await import("/static/js/field/store.js")).get("page", "categories"))"""
    )
    context.set_offline(True)
    page.goto("/field/report/")
    page.get_by_role("button", name=earlier.category.name, exact=True).tap()
    expect(page.get_by_label("情况说明")).to_have_value(f"发现{earlier.category.name}。")
    context.close()
