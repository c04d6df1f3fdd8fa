"""The phone where there is no signal: what opens, what waits, and that nothing typed or taken is lost."""

import datetime as dt
import hashlib
import json
import os
import signal
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from cases.models import Case, Leg, Photo
from cases.workflow import State
from governance.models import Post, User
from governance.roles import Role
from partybuilding.models import Arrival
from records.pictures import rebuilt
from tests import people
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.lives import MORNING, case_at, fresh, inside, reported, walk, words_of
from tests.partybuilding.blowing import MANAGEMENT, blown
from tests.partybuilding.blowing import do as do_call
from tests.photos import jpeg, photo
from tests.stories.phones import Contents, wait_until
from tests.stories.steps import PHONE, choose_category, named, open_device, sign_in, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NUMBER = "13888886666"
KEPT = (
    """async () => (await (await import("/static/js/field/store.js")).all("pages")).map(({ key }) => key)"""
)
READ = """async (kind) => JSON.stringify(await (await import("/static/js/field/store.js")).all(kind))"""


@pytest.fixture
def phone(browser, live_server):
    """A phone with its worker."""
    context = open_device(browser, live_server.url, PHONE, service_workers="allow")
    page = context.new_page()
    yield page
    context.close()


def has_pages(page: Page, *addresses: str) -> None:
    """Wait until the phone keeps some pages, and its worker answers."""
    page.goto("/field/")
    wait_until(page, lambda: {*addresses} <= {*page.evaluate(KEPT)})
    wait_until(page, lambda: page.evaluate("() => Boolean(navigator.serviceWorker.controller)"))
    wait_until(page, lambda: page.evaluate("""async () => Boolean(await caches.match("/field/shell/"))"""))
    wait_until(
        page,
        lambda: page.evaluate(
            """async () => Boolean(await (await import("/static/js/field/store.js")).get("page", "pages"))"""
        ),
    )


def take(form: Locator, colour: str) -> bytes:
    """Put a picture of a colour into a form."""
    data = jpeg(1200, 900, colour)
    form.locator("[data-name=photos] input[type=file]").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": data}
    )
    expect(form.locator(".photo-kept")).to_have_count(1)
    return data


def do(page: Page, case: Case, move: str, label: str, words: str, colour: str) -> bytes:
    """A move of a case on the form that the phone keeps."""
    page.goto(f"/cases/{case.uuid}/moves/{move}/")
    form = page.locator(".move-form")
    data = take(form, colour)
    form.get_by_label("说明").fill(words)
    if form.locator("[data-position]").count():
        expect(form.locator("[name=position_longitude]")).not_to_have_value("")
    named(form, f"确认{label}").click()
    expect(page.locator(".state-kept")).to_contain_text(f"“{label}”已存在这台手机里")
    return data


def report(page: Page, words: str, colour: str) -> bytes:
    page.goto("/field/report/")
    form = page.locator("[data-report]")
    data = take(form, colour)
    expect(form.locator("[name=position_longitude]")).not_to_have_value("")
    choose_category(page, "暴露垃圾")
    page.get_by_label("情况说明").fill(words)
    named(form.locator(".field-action"), "上报").click()
    expect(page.get_by_text("没有信号，已存在这台手机里")).to_be_visible()
    return data


def test_a_day_without_signal_arrives_whole(phone):
    """Five reports, three feedbacks, two checks and one that came too late."""
    checks: list[Case] = []
    person = None
    while len(checks) < 2:  # who checks is drawn
        case = case_at(State.CHECKING)
        drawn = Leg.objects.open().get(case=case).person
        person = person or drawn
        checks += [case] if drawn == person else []
    seen = [photo(by=people.worker(), now=MORNING)]
    handling = [case_at(State.HANDLING, photos=seen), *(case_at(State.HANDLING) for _ in range(3))]
    Post.objects.create(user=person, role=Role.HANDLER, organization=handling[0].unit)
    sign_in(phone, with_password(User.objects.get(pk=person.pk)))
    wanted = [f"/cases/{case.uuid}/moves/feedback/" for case in handling]
    has_pages(phone, "/inbox/", *wanted, *(f"/cases/{case.uuid}/moves/found/" for case in checks))

    phone.context.set_offline(True)
    phone.goto("/inbox/")
    expect(phone.locator(".kept-at")).to_contain_text("没有信号，这是 今天")
    phone.goto("/field/")
    phone.locator(f"a[href='/cases/{handling[0].uuid}/']").click()
    expect(phone.locator(".case-top")).to_contain_text("单元门口堆放旧家具")
    picture = phone.locator(".photos img").first
    wait_until(
        phone, lambda: picture.evaluate("(one) => one.src.startsWith('blob:') && one.naturalWidth > 0")
    )

    taken = [report(phone, f"第{number}件事", f"#7a{number}99") for number in range(10, 15)]
    for number, case in enumerate(handling):
        taken.append(do(phone, case, "feedback", "反馈", f"办好第{number}件", f"#5d{number + 20}5f"))
    for number, case in enumerate(checks):
        taken.append(do(phone, case, "found", "核实属实", f"看过第{number}件", f"#99{number + 40}7a"))
    phone.goto("/field/")
    expect(phone.locator(".queue-item")).to_have_count(11)
    assert not Case.objects.filter(reporters__contains=[person.pk]).exists()
    late = handling.pop()
    walk(late, "feedback", words="同事已经办完")

    phone.context.set_offline(False)
    phone.goto("/field/")
    wait_until(phone, lambda: all(fresh(case).state == State.REPORTED for case in checks))
    wait_until(phone, lambda: phone.locator(".queue-item").count() == 1)
    cases = Case.objects.filter(reporters__contains=[person.pk])
    assert {words_of(case, "report") for case in cases} == {f"第{number}件事" for number in range(10, 15)}
    assert {words_of(case, "feedback") for case in handling} == {f"办好第{number}件" for number in range(3)}
    assert {words_of(case, "found") for case in checks} == {"看过第0件", "看过第1件"}
    assert words_of(late, "feedback") == "同事已经办完"
    expect(phone.get_by_role("link", name="看是怎么回事")).to_be_visible()
    arrived = set(Photo.objects.filter(by=person).values_list("sha256", flat=True))
    assert arrived == {hashlib.sha256(rebuilt(data).body).hexdigest() for data in taken}


def test_what_was_never_opened_is_said_in_words_and_never_by_the_browser(phone):
    sign_in(phone, "wangge")
    has_pages(phone, "/field/", "/inbox/")
    case = reported(now=timezone.now())
    phone.context.set_offline(True)
    phone.goto(f"/cases/{case.uuid}/moves/urge/")
    expect(phone.get_by_text("没有信号，打不开这一页")).to_be_visible()
    phone.goto("/login/")
    expect(phone.get_by_text("没有信号，暂时不能登录")).to_be_visible()
    phone.goto("/")
    expect(phone.locator(".kept-at")).to_be_visible()
    assert phone.url.endswith("/field/")
    for address in ("/desk/", "/board/", "/admin/"):
        with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
            phone.goto(address)


def test_no_telephone_number_of_a_resident_lies_in_the_phone(phone):
    """Not even where somebody wrote it into the words."""
    words = f"居民来电{NUMBER}反映，也可打 0871-63311234 或 １３９００００１１１１"
    case = reported(now=timezone.now(), words=words)
    sign_in(phone, "wangge")
    has_pages(phone, f"/cases/{case.uuid}/", "/field/?tab=mine")
    for kind in ("pages", "page", "drafts", "reports", "moves"):
        read = phone.evaluate(READ, kind)
        assert NUMBER not in read and "63311234" not in read and "１３９００００" not in read
    assert "居民来电138********反映" in phone.evaluate(READ, "pages")


@pytest.mark.parametrize(
    "number",
    [
        "+8613912345678", "8613912345678", "138.1234.5678", "138—1234—5678", "138  1234 5678", "(0871)63001234",
        "0871－63001234", "63001234", "6300-1234", "4001234567", "400-123-4567", "１３９００００１１１１",
    ],
)  # fmt: skip
def test_a_number_is_left_out_however_it_is_written(phone, number):
    phone.goto("/login/")
    left = phone.evaluate(
        "async (text) => (await import('/static/js/field/pages.js')).withoutNumbers(text)", f"请拨{number}。"
    )
    figures = [one for one in left if one.isdecimal()]
    assert len(figures) <= 3, left


def test_what_is_no_number_stays_as_it_is(phone):
    phone.goto("/login/")
    text = "案件 261126-005347，2026-11-26 14:20，共 1280 件，102.718058，拓东路 335 号"
    told = phone.evaluate(
        "async (text) => (await import('/static/js/field/pages.js')).withoutNumbers(text)", text
    )
    assert told == text


def test_a_colleague_finds_nothing_of_what_was_read_or_begun_and_its_owner_goes_on(phone):
    case = reported(now=timezone.now())
    sign_in(phone, "wangge")
    has_pages(phone, f"/cases/{case.uuid}/")
    phone.goto("/field/report/")
    phone.get_by_label("情况说明").fill("写到一半的话")
    wait_until(phone, lambda: any(item["kind"] == "drafts" for item in Contents(phone).items))
    assert not Contents(phone).tells("写到一半")
    phone.goto("/field/")
    phone.locator("summary[aria-label*='岗位与退出']").click()
    phone.get_by_role("button", name="退出登录").click()
    phone.wait_for_url("**/login/**")
    assert {item["kind"] for item in Contents(phone).items} == {"drafts"}

    sign_in(phone, "zhiyuan")
    phone.goto("/field/report/")
    expect(phone.get_by_label("情况说明")).to_have_value("")
    phone.context.set_offline(True)
    phone.goto(f"/cases/{case.uuid}/")
    expect(phone.get_by_text("没有信号，打不开这一页")).to_be_visible()
    phone.context.set_offline(False)
    phone.context.clear_cookies()
    sign_in(phone, "wangge")
    phone.goto("/field/report/")
    expect(phone.get_by_label("情况说明")).to_have_value("写到一半的话")
    phone.get_by_role("button", name="清空").click()
    expect(phone.get_by_label("情况说明")).to_have_value("")
    wait_until(phone, lambda: not any(item["kind"] == "drafts" for item in Contents(phone).items))


def killed(folder: Path) -> None:
    """End the browser of a profile as a phone does that runs out of power."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and str(folder).encode() in _command(entry):
            with suppress(ProcessLookupError):  # went with its parent
                os.kill(int(entry.name), signal.SIGKILL)


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_killed_browser_brings_back_what_was_typed_and_taken(browser, live_server, tmp_path):
    case = case_at(State.HANDLING)
    user = User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()
    name = with_password(user)
    site = live_server.url.replace("127.0.0.1", "localhost")

    def opened() -> Page:
        context = browser.browser_type.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            args=CHROMIUM_FLAGS,
            base_url=site,
            locale="zh-CN",
        )
        context.set_default_timeout(30_000)
        return context.new_page()

    page = opened()
    sign_in(page, name)
    page.goto("/field/")
    page.goto(f"/cases/{case.uuid}/moves/feedback/")
    take(page.locator(".move-form"), "#7a8b99")
    page.get_by_label("说明").fill("清了一半，下午再来")
    wait_until(page, lambda: "下午再来" in page.evaluate(READ, "drafts"))
    killed(tmp_path / "profile")

    page = opened()
    sign_in(page, name)
    page.goto("/field/")
    page.goto(f"/cases/{case.uuid}/moves/feedback/")
    expect(page.get_by_text("已恢复未完成的填写")).to_be_visible()
    expect(page.get_by_label("说明")).to_have_value("清了一半，下午再来")
    expect(page.locator(".photo-kept")).to_have_count(1)
    named(page.locator(".move-form"), "确认反馈").click()
    wait_until(page, lambda: fresh(case).state == State.HANDLED)
    wait_until(page, lambda: page.evaluate(READ, "drafts") == "[]")
    assert case.photos.filter(sequence=fresh(case).version).count() == 1
    page.context.close()


def test_a_draft_survives_reload_and_the_way_back(phone):
    sign_in(phone, people.worker().username)
    phone.goto("/field/report/")
    form = phone.locator("[data-report]")
    take(form, "#7a8b99")
    phone.get_by_label("情况说明").fill("门口积水")
    wait_until(phone, lambda: "门口积水" in phone.evaluate(READ, "drafts"))
    for leave in (
        phone.reload,
        lambda: (phone.locator(".header-back").click(), phone.goto("/field/report/")),
    ):
        leave()
        expect(phone.get_by_label("情况说明")).to_have_value("门口积水")
        expect(phone.locator(".photo-kept")).to_have_count(1)


def test_a_report_lies_where_it_was_begun_also_when_it_is_opened_elsewhere(phone):
    sign_in(phone, "wangge")
    phone.goto("/field/report/")
    longitude, latitude = inside()
    there = phone.locator("[name=position_longitude]")
    expect(there).to_have_value(f"{longitude:.6f}")
    phone.get_by_label("情况说明").fill("门口积水")
    wait_until(phone, lambda: "门口积水" in phone.evaluate(READ, "drafts"))
    phone.context.set_geolocation({"longitude": longitude + 0.01, "latitude": latitude, "accuracy": 5})
    phone.reload()
    expect(phone.get_by_label("情况说明")).to_have_value("门口积水")
    phone.wait_for_timeout(1500)  # as long as a device takes
    expect(there).to_have_value(f"{longitude:.6f}")
    expect(phone.locator("[data-position-where]")).to_contain_text("尚义社区")


def test_putting_one_report_right_leaves_another_that_was_begun(phone):
    sign_in(phone, "wangge")
    phone.goto("/field/report/")
    phone.get_by_label("情况说明").fill("新的一件")
    wait_until(phone, lambda: "新的一件" in phone.evaluate(READ, "drafts"))
    refused = str(uuid.uuid4())
    longitude, latitude = inside()
    phone.evaluate(
        """async ([key, longitude, latitude]) => {
          const { keep } = await import("/static/js/field/queue.js");
          const fields = Object.entries({
            key, words: "没有被接受的", position_longitude: longitude, position_latitude: latitude, position_source: "grid",
          });
          await keep({ kind: "reports", key, savedAt: Date.now(), fields, photos: [], sent: 0, title: "", errors: { category: ["请选择类别。"] } });
        }""",
        [refused, f"{longitude:.6f}", f"{latitude:.6f}"],
    )
    phone.goto(f"/field/report/?queued={refused}")
    expect(phone.get_by_label("情况说明")).to_have_value("没有被接受的")
    phone.get_by_label("情况说明").fill("没有被接受的，改一改")
    wait_until(phone, lambda: "改一改" in phone.evaluate(READ, "drafts"))
    expect(phone.locator("[name=position_source]")).to_have_value("grid")
    phone.goto("/field/report/")
    expect(phone.get_by_label("情况说明")).to_have_value("新的一件")


def test_a_check_in_a_basement_is_made_without_signal_and_without_position(phone):
    case = case_at(State.HANDLED)
    leg = Leg.objects.open().get(case=case)
    sign_in(phone, with_password(leg.person))
    address = f"/cases/{case.uuid}/moves/pass/"
    has_pages(phone, address)
    phone.context.set_geolocation(None)
    phone.context.set_offline(True)
    phone.goto(address)
    form = phone.locator(".move-form form[method=post]")
    form.locator(".position-rough").get_by_role("button", name="没有定位，直接核查").click()
    expect(form.locator("[data-position-where]")).to_have_text("没有定位")
    why = form.get_by_label("为什么没有定位")
    expect(why).to_be_visible()
    take(form, "#7a8b99")
    form.get_by_label("说明", exact=True).fill("车库积水已抽干")
    named(form, "确认核查通过").click()
    told = form.locator("[data-refused=far_reason]")  # asked before it is kept
    expect(told).to_have_text("没有收到现场定位，请说明原因。")
    why.fill("地下二层收不到")
    named(form, "确认核查通过").click()
    expect(phone.get_by_text("没有信号，“核查通过”已存在这台手机里")).to_be_visible()
    phone.context.set_offline(False)
    phone.goto("/field/")
    wait_until(phone, lambda: fresh(case).state == State.VERIFIED)
    leg.refresh_from_db()
    assert (leg.is_far, leg.position_source, leg.checked_metres) == (True, "none", None)
    assert "没有定位的原因：地下二层收不到" in words_of(case, "pass")


def test_the_map_without_signal_shows_the_cases_of_its_last_look_and_says_from_when(phone):
    case = reported(now=timezone.now())
    sign_in(phone, "wangge")
    has_pages(phone, "/field/near/")
    phone.goto("/field/near/")
    mark = phone.locator(f".map-icon[aria-label^='{case.category.name}']")
    expect(mark).to_be_visible()
    wait_until(phone, lambda: case.category.name in phone.evaluate(READ, "marks"))
    assert "单元门口" not in phone.evaluate(READ, "marks")
    phone.context.set_offline(True)
    phone.goto("/field/near/")
    expect(phone.locator(".kept-at")).to_be_visible()
    expect(mark).to_be_visible()
    expect(phone.locator(".map-told.is-kept")).to_contain_text("没有信号，案件是 今天")
    expect(phone.locator(".leaflet-overlay-pane path").first).to_be_attached()
    mark.click()
    expect(phone.locator(f".leaflet-popup a[href='/cases/{case.uuid}/']")).to_be_visible()


def test_a_unit_that_was_called_reports_in_without_signal_and_is_there_once(phone):
    now = timezone.now()
    whistle = blown(now=now - dt.timedelta(hours=1))
    do_call(whistle, "contact", "cg_lianluo", of=MANAGEMENT, now=now, words="半小时到")
    sign_in(phone, "cg_lianluo")
    spot = f"/field/arrive/{whistle.uuid}/"
    has_pages(phone, "/field/calls/", spot)
    phone.context.set_offline(True)
    phone.goto("/field/calls/")
    expect(phone.locator(".kept-at")).to_contain_text("没有信号，这是 今天")
    named(phone.locator(".call-next"), "报到").click()
    phone.wait_for_url(f"**{spot}")
    expect(phone.locator("[name=position_longitude]")).not_to_have_value("")
    pressed = timezone.now()
    named(phone.locator(".field-action"), "报到").click()
    expect(phone.get_by_text("没有信号，“报到”已存在这台手机里")).to_be_visible()
    kept = json.loads(phone.evaluate(READ, "moves"))[0]["value"]
    assert not Arrival.objects.exists()

    phone.context.set_offline(False)
    phone.goto("/field/calls/")
    wait_until(phone, Arrival.objects.exists)
    there = Arrival.objects.get()
    assert there.person.username == "cg_lianluo" and there.proof == Arrival.Proof.POSITION
    assert there.claimed_at is not None and abs(there.claimed_at - pressed) < dt.timedelta(minutes=1)
    wait_until(phone, lambda: phone.evaluate(READ, "moves") == "[]")

    # As after an answer that was lost: the same is sent once more.
    phone.evaluate(
        """async (item) => {
          const { keep, replay } = await import("/static/js/field/queue.js");
          await keep(item);
          void replay();
        }""",
        kept,
    )
    wait_until(phone, lambda: phone.evaluate(READ, "moves") == "[]")
    assert list(Arrival.objects.all()) == [there]
    assert whistle.events.filter(move="arrive").count() == 1


def test_from_a_basement_is_reported_by_the_grid_and_corrected_later(phone):
    sign_in(phone, "wangge")
    has_pages(phone, "/field/")
    phone.context.set_geolocation(None)
    phone.context.set_offline(True)
    phone.goto("/field/report/")
    form = phone.locator("[data-report]")
    form.locator(".position-rough").get_by_role("button", name="尚义社区第1网格").click()
    expect(form.locator("[data-position-how]")).to_contain_text("只知网格")
    choose_category(phone, "暴露垃圾")
    phone.get_by_label("情况说明").fill("地下车库积水")
    named(form.locator(".field-action"), "上报").click()
    expect(phone.get_by_text("没有信号，已存在这台手机里")).to_be_visible()
    phone.context.set_offline(False)
    phone.goto("/field/")
    wait_until(phone, Case.objects.exists)
    case = Case.objects.get()
    assert case.position_source == "grid" and case.grid.name == "尚义社区第1网格"

    longitude, latitude = inside()
    phone.context.set_geolocation({"longitude": longitude, "latitude": latitude, "accuracy": 8})
    phone.goto(f"/cases/{case.uuid}/")
    expect(phone.get_by_text("位置待补", exact=True)).to_be_visible()
    phone.get_by_role("link", name="更正位置").click()
    expect(phone.locator("[name=position_source]")).to_have_value("device")
    named(phone.locator(".move-form"), "确认更正位置").click()
    wait_until(phone, lambda: fresh(case).position_source == "device")
    wait_until(phone, lambda: phone.get_by_text("只是大概位置").count() == 0)
