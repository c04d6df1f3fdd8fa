"""A phone that has the release before this one in it, and what becomes of it."""

import pytest
from django.test import Client
from playwright.sync_api import Error, Page, expect

from cases.models import Case
from cases.workflow import Loop
from governance.models import User
from tests.lives import settled_by
from tests.stories import phones
from tests.stories.phones import (
    Contents,
    caches_of,
    old_item,
    posted,
    put_into_old_store,
    wait_until,
    workers,
)
from tests.stories.steps import PHONE, open_device, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(browser, live_server, settings):
    """A phone with the worker of the release before this one; the site is updated since."""
    context = open_device(browser, live_server.url, PHONE, service_workers="allow")
    page = context.new_page()
    today, settings.ROOT_URLCONF = settings.ROOT_URLCONF, phones.__name__
    page.goto("/login/")
    page.evaluate("() => navigator.serviceWorker.register('/field/sw.js')")
    wait_until(page, lambda: workers(page) == ["/field/"] and caches_of(page) == ["shell-12345"])
    settings.ROOT_URLCONF = today
    errors = []
    context.on("weberror", lambda problem: errors.append(str(problem.error)))
    yield page
    context.close()
    assert errors == []


def cannot_open(page: Page, path: str) -> bool:
    try:
        page.goto(path)
    except Error as problem:
        return "ERR_INTERNET_DISCONNECTED" in str(problem)
    return False


def readers(page: Page) -> set[str]:
    """Whose pages lie in the phone; what somebody had begun to write stays for its owner."""
    return {item["owner"] for item in Contents(page).items if item["kind"] != "drafts"}


def test_a_phone_of_the_last_release_is_updated_and_loses_nothing(phone):
    """What waited is sent once though it had arrived before; its worker and what that kept are gone."""
    worker = User.objects.get(username="wangge")
    sender = Client()
    sender.force_login(worker)
    waiting = old_item(worker.pk, "答复没有收到", settled_by(Loop.COMMUNITY))
    assert (
        sender.post("/field/report/", posted(waiting), headers={"Accept": "application/json"}).status_code
        == 201
    )
    put_into_old_store(phone, waiting)

    sign_in(phone, "wangge")
    phone.goto("/field/")
    wait_until(phone, lambda: not Contents(phone).old and not Contents(phone).reports)
    assert str(Case.objects.get().uuid) == waiting["key"]
    wait_until(phone, lambda: workers(phone) == ["/"])
    wait_until(phone, lambda: phone.evaluate("async () => Boolean(await caches.match('/field/shell/'))"))
    assert {name.split("-")[0] for name in caches_of(phone)} <= {"frame", "areas"}

    phone.context.set_offline(True)
    phone.goto("/field/report/")
    expect(phone.locator("[data-report]")).to_be_visible()
    expect(phone.get_by_text("已当场处理")).to_be_visible()  # a grid worker's
    for path in ("/field/", "/inbox/", "/login/", "/cases/", "/logout/"):
        phone.goto(path)
        expect(phone.locator("[data-kept-page]")).to_contain_text("没有信号")
    for path in ("/desk/", "/board/", "/admin/"):
        assert cannot_open(phone, path), path


def test_without_signal_the_kept_page_is_that_of_who_is_signed_in(phone):
    """One page for everybody: a volunteer has nothing to settle on the spot, whoever opened it before."""
    for name, may in (("wangge", True), ("zhiyuan", False)):
        sign_in(phone, name)
        phone.goto("/field/")
        owner = str(User.objects.get(username=name).pk)
        wait_until(phone, lambda owner=owner: readers(phone) == {owner})
        wait_until(phone, lambda: phone.evaluate("async () => Boolean(await caches.match('/field/shell/'))"))
        phone.context.set_offline(True)
        phone.goto("/field/report/")
        expect(phone.get_by_text("已当场处理")).to_be_visible(visible=may)
        phone.get_by_label("情况说明").fill("没有信号")
        assert phone.evaluate("async () => (await import('/static/js/field/store.js')).owner()") == owner
        phone.context.set_offline(False)


def test_a_worker_of_the_last_release_that_renews_itself_goes_away(phone):
    phone.evaluate("async () => (await navigator.serviceWorker.getRegistration('/field/')).update()")
    wait_until(phone, lambda: workers(phone) == [] and caches_of(phone) == [])
