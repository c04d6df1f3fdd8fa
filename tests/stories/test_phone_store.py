"""One phone, several people: each has a store of their own, and what was not sent waits for whoever kept it."""

import uuid
from base64 import b64encode

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from cases.models import Case, Photo
from cases.workflow import Loop
from governance.models import User
from tests.lives import settled_by
from tests.photos import jpeg
from tests.stories.phones import Contents, Signal, old_item, posted, put_into_old_store, wait_until
from tests.stories.steps import PHONE, be_located, choose_category, named, open_device, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "单元门口垃圾成堆有异味"
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def phone(browser, live_server):
    """A phone that anybody may take into their hands."""
    context = open_device(browser, live_server.url, PHONE)
    page = context.new_page()
    page.signal = Signal(context)
    errors = []
    context.on("weberror", lambda problem: errors.append(str(problem.error)))
    yield page
    context.close()
    assert errors == []


def has_key(page: Page) -> None:
    """Wait until the person's key has come."""
    page.wait_for_function("""async () => (await (await import("/static/js/field/store.js")).canKeep())""")


def sign_out(page: Page) -> None:
    page.locator("summary[aria-label*='岗位与退出']").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/**")


def write(page: Page, words: str = WORDS) -> None:
    """A report with a photo, as far as its last press."""
    page.goto("/field/report/")
    form = page.locator("[data-report]")
    be_located(form)
    picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1200, 900)}
    form.locator("[data-name=photos] input[type=file]").set_input_files(picture)
    choose_category(page, "暴露垃圾")
    page.get_by_label("情况说明").fill(words)


def keep(page: Page, words: str = WORDS) -> None:
    """A report that cannot be sent now."""
    page.signal.lose()
    write(page, words)
    send(page)
    expect(page.get_by_text("没有信号，已存在这台手机里")).to_be_visible()


def send(page: Page) -> None:
    named(page.locator("[data-report] .field-action"), "上报").click()


def strip(page: Page):
    return page.locator("[data-strip-queue]")


def user(name: str) -> User:
    return User.objects.get(username=name)


def test_a_colleague_on_the_same_phone_counts_what_waits_and_no_more(phone):
    sign_in(phone, "wangge")
    keep(phone)
    found = Contents(phone)
    plain = {"owner", "kind", "key", "savedAt", "iv", "sealed"}
    assert len(found.reports) == 1 and {*map(frozenset, found.items)} == {frozenset(plain)}
    assert not found.tells(WORDS) and not found.tells("暴露垃圾") and not found.shows_a_picture()
    assert found.keys == [{"extractable": False}]
    phone.goto("/field/")
    expect(phone.locator("[data-queue-list]")).to_contain_text(WORDS)  # its owner reads it

    sign_out(phone)
    found = Contents(phone)
    assert found.keys == [] and found.items == found.reports != []

    sign_in(phone, "zhiyuan")
    phone.signal.find()
    phone.goto("/field/")
    expect(phone.locator("[data-queue-list]")).to_contain_text("有 1 条由其他同事存下（最早 今天")
    expect(strip(phone)).to_have_text("1 条他人待上传")
    assert WORDS not in phone.content() and phone.get_by_role("button", name="删除").count() == 0
    key = found.reports[0]["key"]
    phone.evaluate("""async (key) => (await import("/static/js/field/queue.js")).forget(key)""", key)
    phone.evaluate("""async () => (await import("/static/js/field/queue.js")).replay()""")
    assert len(Contents(phone).reports) == 1 and not Case.objects.exists()

    sign_out(phone)
    sign_in(phone, "wangge")
    phone.goto("/field/?tab=mine")
    phone.locator(f".case-card:has-text('{WORDS[:8]}')").wait_for()
    expect(strip(phone)).to_have_text("没有待上传")
    case = Case.objects.get()
    assert (case.reporters, str(case.uuid), case.photos.count()) == ([user("wangge").pk], key, 1)
    assert Contents(phone).reports == []


def test_reports_in_the_store_of_the_last_release_are_taken_over_and_a_lost_answer_is_found_again(phone):
    """Two of one person, one of which has arrived though its answer was lost, and one of a colleague."""
    worker, volunteer, category = user("wangge"), user("zhiyuan"), settled_by(Loop.COMMUNITY)
    sender = Client()
    sender.force_login(worker)
    upload = sender.post("/photos/", {"file": _file()}, headers={"Idempotency-Key": str(uuid.uuid4())})
    arrived = old_item(worker.pk, "答复没有收到", category, (uuid.UUID(upload.json()["uuid"]),))
    waiting = old_item(worker.pk, "还没有上传", category, (None, None))
    others = old_item(volunteer.pk, "同事的一条", category, (None,))
    assert (
        sender.post("/field/report/", posted(arrived), headers={"Accept": "application/json"}).status_code
        == 201
    )

    phone.goto("/login/")
    for item in (arrived, waiting, others):
        put_into_old_store(phone, item)
    found = Contents(phone)
    assert found.tells("还没有上传") and found.shows_a_picture()  # in plain, as it was

    phone.signal.lose()
    sign_in(phone, "wangge")
    phone.goto("/field/")
    expect(strip(phone)).to_contain_text("2 条待上传")
    expect(phone.locator("[data-queue-list]")).to_contain_text("另有 1 条由其他同事存下")
    found = Contents(phone)
    assert {item["key"] for item in found.reports} == {arrived["key"], waiting["key"]}
    assert [item["key"] for item in found.old] == [others["key"]]
    assert not found.tells("还没有上传") and "同事的一条" not in phone.content()

    phone.signal.find()
    phone.reload()
    expect(strip(phone)).to_contain_text("1 条他人待上传")
    mine = Case.objects.reported_by(worker)
    assert {str(case.uuid): case.photos.count() for case in mine} == {arrived["key"]: 1, waiting["key"]: 2}

    sign_out(phone)
    sign_in(phone, "zhiyuan")
    phone.goto("/field/")
    # The strip says so from the start: what counts is that the report arrives.
    wait_until(phone, lambda: Case.objects.reported_by(volunteer).exists())
    assert [str(case.uuid) for case in Case.objects.reported_by(volunteer)] == [others["key"]]
    expect(strip(phone)).to_have_text("没有待上传")
    assert Contents(phone).old == []


def _file():
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("p.jpg", jpeg(), content_type="image/jpeg")


def test_what_waits_is_read_again_after_both_kinds_of_keys_were_changed(phone, settings):
    sign_in(phone, "wangge")
    keep(phone)
    settings.SECRET_KEY = "rotated"
    newest = max(settings.FIELD_KEYS) + 1
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, newest: b64encode(b"2" * 32).decode()}
    phone.goto("/field/")  # the session is over
    phone.wait_for_url("**/login/**")
    wait_until(phone, lambda: not Contents(phone).keys)
    assert len(Contents(phone).reports) == 1
    sign_in(phone, "wangge")
    phone.goto("/field/")
    expect(phone.locator("[data-queue-list]")).to_contain_text(WORDS)


def test_after_a_week_only_what_is_unsent_is_left_whoever_signs_in(phone):
    sign_in(phone, "wangge")
    phone.goto("/field/")
    has_key(phone)
    phone.evaluate(
        """async ([day]) => {
          const { put } = await import("/static/js/field/store.js");
          const ago = (days) => Date.now() - days * day;
          await put("reports", "month", { key: "month", fields: [], photos: [], errors: { words: ["?"] } }, ago(30));
          await put("page", "old", {}, ago(7.01));
          await put("page", "young", {}, ago(6.99));
          const open = indexedDB.open("gridloop-store");
          await new Promise((done) => (open.onsuccess = done));
          const change = open.result.transaction("items", "readwrite");
          const other = { owner: "0", iv: new Uint8Array(12), sealed: new ArrayBuffer(9) };
          change.objectStore("items").put({ ...other, kind: "page", key: "theirs", savedAt: ago(8) });
          change.objectStore("items").put({ ...other, kind: "reports", key: "unsent", savedAt: ago(40) });
          await new Promise((done) => (change.oncomplete = done));
        }""",
        [DAY_MS],
    )
    phone.goto("/field/")
    expect(phone.locator("[data-queue-list]")).to_contain_text("另有 1 条")
    put = {"month", "old", "young", "theirs", "unsent"}  # the phone keeps pages of its own beside them
    wait_until(
        phone, lambda: put & {item["key"] for item in Contents(phone).items} == {"month", "young", "unsent"}
    )
    sign_out(phone)
    wait_until(phone, lambda: {item["key"] for item in Contents(phone).items} == {"month", "unsent"})


def test_what_was_altered_in_the_phone_is_shown_as_spoilt_and_holds_nothing_up(phone):
    sign_in(phone, "wangge")
    keep(phone)
    keep(phone, "第二件事说明")
    phone.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open("gridloop-store");
          open.onsuccess = () => {
            const items = open.result.transaction("items", "readwrite").objectStore("items");
            items.index("savedAt").openCursor().onsuccess = ({ target: { result: at } }) => {
              new Uint8Array(at.value.sealed)[20] ^= 1;
              at.update(at.value).onsuccess = done;
            };
          };
        })"""
    )
    phone.signal.find()
    phone.goto("/field/")
    expect(strip(phone)).to_contain_text("1 条待上传")
    expect(phone.locator("[data-queue-list]")).to_contain_text("内容已损坏")
    assert Case.objects.count() == 1


def test_what_is_sent_from_a_page_of_somebody_who_has_left_waits_for_that_person(phone):
    """A tab of the worker stays open while a colleague signs in beside it."""
    sign_in(phone, "wangge")
    write(phone)
    has_key(phone)
    beside = phone.context.new_page()
    phone.context.clear_cookies()
    beside.goto("/inbox/")
    sign_in(beside, "zhiyuan")
    send(phone)
    expect(phone.get_by_text("登录已过期，已存在这台手机里")).to_be_visible()
    assert not Case.objects.exists()
    beside.goto("/field/")
    expect(strip(beside)).to_contain_text("1 条他人待上传")
    assert not Photo.objects.filter(by=user("zhiyuan")).exists()


def test_what_is_sent_after_the_session_ended_waits_until_its_person_is_back(phone):
    sign_in(phone, "wangge")
    phone.signal.lose()
    write(phone)  # the photo could not be sent yet
    has_key(phone)
    phone.signal.find()
    phone.context.clear_cookies(name="sessionid")
    send(phone)
    phone.get_by_role("link", name="重新登录").click()
    sign_in(phone, "wangge")
    phone.goto("/field/?tab=mine")
    phone.locator(f".case-card:has-text('{WORDS[:8]}')").wait_for()
    assert Case.objects.get().photos.count() == 1


def test_where_the_browser_encrypts_nothing_it_keeps_nothing_and_says_so(phone):
    phone.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    sign_in(phone, "wangge")
    phone.signal.lose()
    write(phone)
    send(phone)
    expect(phone.get_by_text("浏览器也不能存在本机")).to_be_visible()
    expect(phone.get_by_label("情况说明")).to_have_value(WORDS)
    phone.context.set_offline(True)
    expect(phone.locator("[data-strip]")).to_contain_text("离线，本机不能存")
    assert Contents(phone).items == []
