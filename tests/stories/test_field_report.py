"""A grid worker reports on a phone: position from the device, a camera file, the grid at once; also without signal."""

import pytest
from django.conf import settings as site
from django.test import Client

from cases.models import Case
from tests import people
from tests.disks import small_disk
from tests.lives import inside
from tests.photos import jpeg
from tests.stories.phones import Contents, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHELL_IS_KEPT = """async () => Boolean(await caches.match("/field/shell/"))"""
WORDS = "单元门口垃圾成堆,有异味。"


@pytest.fixture
def phone(browser, live_server):
    """A signed-in phone of 390 × 844 whose position is in the worker's own grid."""
    client = Client()
    client.force_login(people.worker())
    longitude, latitude = inside()
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        permissions=["geolocation"],
        geolocation={"longitude": longitude, "latitude": latitude, "accuracy": 12},
        base_url=live_server.url,
    )
    session = client.cookies[site.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def fill(page) -> None:
    """Camera, category by pinyin initials, one sentence."""
    page.set_input_files(
        "[data-name=photos] input[type=file]",
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1200, 900)},
    )
    page.fill("input[type=search]", "bllj")
    page.click(".pick:has-text('暴露垃圾')")
    page.fill("[name=words]", WORDS)


def test_a_worker_reports_in_one_screen_with_five_touches_and_one_sentence(phone):
    phone.goto("/field/")
    phone.click(".bar-report")
    phone.wait_for_selector("text=拓东街道 · 尚义社区第1网格")
    fill(phone)
    phone.wait_for_selector("text=已上传")
    phone.click(".field-action .btn-primary")
    phone.wait_for_selector("text=已收到")
    case = Case.objects.get()
    assert case.grid.name == "尚义社区第1网格" and case.photos.count() == 1 and case.device_time
    assert case.number in phone.inner_text("main") and case.routing_reason in phone.text_content("main")


def test_a_report_without_signal_waits_in_the_phone_and_arrives_once(phone):
    phone.goto("/field/")
    wait_until(phone, lambda: phone.evaluate(SHELL_IS_KEPT) and Contents(phone).keys)
    phone.context.set_offline(True)
    phone.goto("/field/report/")
    fill(phone)
    phone.click(".field-action .btn-primary")
    phone.wait_for_selector("text=没有信号，已存在这台手机里", timeout=20_000)
    assert "1 条待上传" in phone.inner_text("[data-strip]") and not Case.objects.exists()
    phone.context.set_offline(False)
    phone.goto("/field/?tab=mine")
    phone.wait_for_selector(f".case-card:has-text('{WORDS[:8]}')")
    phone.wait_for_selector("text=没有待上传", state="attached")
    assert Case.objects.count() == 1 and Case.objects.get().photos.count() == 1


def test_what_the_server_cannot_take_now_waits_in_the_phone_with_the_true_reason(phone, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    phone.goto("/field/report/")
    wait_until(phone, lambda: Contents(phone).keys)
    phone.wait_for_selector("text=拓东街道 · 尚义社区第1网格")
    with small_disk(tmp_path, 4096):
        fill(phone)  # its photo finds no room either, however quickly it is sent
        phone.click(".field-action .btn-primary")
        phone.wait_for_selector("text=没有传上去，已存在这台手机里", timeout=20_000)
        assert "照片存储空间已满" in phone.inner_text("[data-reason]")
        phone.goto("/field/")
        phone.wait_for_selector(".queue-item:has-text('稍后自动再传'):has-text('照片存储空间已满')")
    phone.goto("/field/?tab=mine")
    phone.wait_for_selector(f".case-card:has-text('{WORDS[:8]}')")
    assert Case.objects.get().photos.count() == 1
