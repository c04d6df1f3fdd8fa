"""A report on a bad network: each photo goes once, in parts, and the worker may leave at once."""

import hashlib
import io
import random
import re
import uuid

import pytest
from PIL import Image
from playwright.sync_api import expect

from cases.models import Case, Photo
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from records import parts
from records.pictures import rebuilt
from tests import people
from tests.lives import case_at
from tests.stories.phones import Contents, wait_until
from tests.stories.slow_network import slow_network
from tests.stories.steps import PHONE, be_located, choose_category, named, open_device, sign_in, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KB = 1000
RATE, LATENCY = 20 * KB, 0.6
#: Where the connection breaks, in bytes sent, and how much may be sent in all: headers of HTTP/1.1 are 6.7 % of it.
BREAKS = {(150 * KB,): 1.1, (120 * KB, 250 * KB): 1.15}


def photo(width: int, height: int, quality: int = 80) -> bytes:
    """A picture that cannot be made much smaller."""
    noise = Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))
    data = io.BytesIO()
    noise.save(data, "JPEG", quality=quality)
    return data.getvalue()


@pytest.fixture
def network(live_server, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    with slow_network(live_server.thread.port) as network:
        yield network


@pytest.fixture
def phone(browser, network):
    context = open_device(browser, f"http://127.0.0.1:{network.port}", PHONE)
    page = context.new_page()
    sign_in(page, "wangge")
    page.goto("/field/report/")
    wait_until(page, lambda: Contents(page).keys)
    be_located(page.locator("[data-report]"))
    choose_category(page, "暴露垃圾")
    page.get_by_label("情况说明").fill("单元门口垃圾成堆")
    yield page
    context.close()


def take(page, data: bytes) -> None:
    picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": data}
    page.locator("[data-name=photos] input[type=file]").set_input_files(picture)


def send(page) -> None:
    named(page.locator("[data-report] .field-action"), "上报").click()


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_photo_of_350_kb_goes_once_over_a_slow_network_that_breaks(phone, network, breaks):
    data = photo(800, 600, 84)
    assert 340 * KB < len(data) < 400 * KB
    network.slow(rate=RATE, latency=LATENCY, breaks=breaks)
    take(phone, data)
    phone.wait_for_function(
        "() => /上传 [1-9]\\d?%/.test(document.querySelector('.photo-kept small')?.textContent)"
    )
    sent: list[int] = []  # until the next page is asked for
    phone.on("request", lambda request: "/field/reports/" in request.url and sent.append(network.sent))
    send(phone)
    expect(phone.get_by_text("已保存，自动上传")).to_be_visible()
    expect(phone.locator("[data-progress]")).to_have_text(re.compile(r"照片已传 \d+%"))
    phone.locator(".done-number").wait_for(timeout=60_000)
    share = sent[0] / len(data)
    print(
        f"a photo of {len(data):,} bytes: {sent[0]:,} bytes sent ({share:.3f}), broken {network.broken} times"
    )
    assert network.broken == len(breaks) and share <= BREAKS[breaks]
    case = Case.objects.get()
    assert case.photos.get().sha256 == hashlib.sha256(rebuilt(data).body).hexdigest()
    assert Contents(phone).reports == []


def test_the_worker_leaves_at_once_and_the_next_page_goes_on_where_it_stopped(phone, network):
    data = photo(480, 360)
    network.slow(rate=40 * KB, latency=0.1)
    take(phone, data)
    send(phone)
    expect(phone.get_by_text("已保存，自动上传")).to_be_visible()
    user = people.worker()
    (head,) = (parts._folder(user.pk)).glob("*.json")
    upload = parts.find(uuid.UUID(head.stem), by=user, of="photos")
    wait_until(phone, lambda: 0 < upload.arrived < len(data))
    arrived, network.sent = upload.arrived, 0
    phone.goto("/field/?tab=mine", wait_until="commit")
    network.quick()
    phone.locator(".case-card:has-text('单元门口垃圾成堆')").wait_for()
    assert network.sent < len(data) - arrived + 64 * KB
    assert Case.objects.get().photos.get() == Photo.objects.get(uuid=head.stem)


def test_the_worker_leaves_a_move_at_once_too_and_it_arrives_from_the_next_page(phone, network):
    case = case_at(State.HANDLING)
    handler = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
    phone.context.clear_cookies()
    sign_in(phone, with_password(handler))
    phone.goto("/field/")
    wait_until(phone, lambda: Contents(phone).keys)
    phone.goto(f"/cases/{case.uuid}/moves/feedback/")
    form = phone.locator(".move-form form[method=post]")
    network.slow(rate=40 * KB, latency=0.1)
    take(phone, photo(480, 360))
    form.get_by_label("说明", exact=True).fill("两车旧家具已清走")
    named(form, "确认反馈").click()
    expect(phone.get_by_text("“反馈”已保存，自动上传")).to_be_visible()
    assert Case.objects.get().state == State.HANDLING
    phone.goto("/field/", wait_until="commit")
    network.quick()
    wait_until(phone, lambda: Case.objects.get().state == State.HANDLED)
    assert case.photos.filter(kind="after").count() == 1
    wait_until(phone, lambda: Contents(phone).unsent == [])
