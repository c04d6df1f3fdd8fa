"""What is done with a case on the phone: kept first, sent in order, and shown beside the case where that has moved on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cases.models import Case, Leg
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from tests.lives import case_at, fresh, walk, words_of
from tests.photos import jpeg
from tests.stories.phones import Contents, Signal, wait_until
from tests.stories.steps import PHONE, be_located, named, open_device, sign_in, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DONE = "已清走两车旧家具"


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


def handler_of(case: Case) -> User:
    """Somebody of the unit that handles a case."""
    return User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).first()


def has_key(page: Page) -> None:
    page.wait_for_function("""async () => (await (await import("/static/js/field/store.js")).canKeep())""")


def replay(page: Page, until: Callable[[], object]) -> None:
    """Let it send until something has come of it: while the page still sends by itself, nothing more is sent.

    Nothing is waited for in the page, which loads itself anew when something has arrived.
    """

    def look() -> object:
        page.evaluate("""() => void import("/static/js/field/queue.js").then(({ replay }) => replay())""")
        return until()

    wait_until(page, look)


def open_case(page: Page, case: Case) -> None:
    page.goto("/field/")
    has_key(page)
    page.goto(f"/cases/{case.uuid}/")


def take_photo(page: Page) -> None:
    picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1200, 900)}
    page.locator("[data-name=photos] input[type=file]").set_input_files(picture)
    expect(page.locator(".photo-kept")).to_have_count(1)


def feed_back(page: Page, case: Case, words: str = DONE) -> None:
    page.goto(f"/cases/{case.uuid}/moves/feedback/")
    take_photo(page)
    page.get_by_label("说明").fill(words)
    named(page.locator(".move-form"), "确认反馈").click()


def test_what_a_unit_does_without_signal_is_sent_in_its_order(phone):
    case = case_at(State.DISPATCHED)
    sign_in(phone, with_password(handler_of(case)))
    open_case(phone, case)
    phone.signal.lose()
    phone.get_by_role("button", name="签收").click()
    expect(phone.get_by_text("没有信号，“签收”已存在这台手机里")).to_be_visible()
    feed_back(phone, case)
    expect(phone.get_by_text("没有信号，“反馈”已存在这台手机里")).to_be_visible()
    found = Contents(phone)
    assert len(found.items) >= 2 and not found.tells(DONE) and not found.shows_a_picture()
    assert fresh(case).state == State.DISPATCHED

    phone.goto("/field/")
    waiting = phone.locator(".queue-item")
    expect(waiting).to_have_count(2)
    expect(waiting.first).to_contain_text(f"签收：{case.number}")
    expect(waiting.last).to_contain_text("1 张照片")
    phone.signal.find()
    replay(phone, lambda: fresh(case).state == State.HANDLED)
    expect(phone.locator("[data-strip-queue]")).to_have_text("没有待上传")
    assert words_of(case, "feedback") == DONE
    moves = case.events.order_by("sequence").values_list("move", flat=True)
    assert list(moves)[-2:] == ["accept", "feedback"]
    assert case.photos.filter(sequence=fresh(case).version).count() == 1


def test_who_came_too_late_sees_both_sides_and_leaves_words_and_photos_as_a_comment(phone):
    case = case_at(State.HANDLING)
    user = handler_of(case)
    sign_in(phone, with_password(user))
    open_case(phone, case)
    phone.signal.lose()
    feed_back(phone, case)
    expect(phone.get_by_text("已存在这台手机里").first).to_be_visible()
    walk(case, "feedback", words="同事已经办完")  # by a colleague of the unit
    phone.signal.find()
    phone.goto("/field/")
    item = phone.locator(".queue-item", has_text="反馈")
    replay(phone, item.get_by_role("link", name="看是怎么回事").is_visible)
    expect(item).to_contain_text("案件")
    item.get_by_role("link", name="看是怎么回事").click()
    mine, now = phone.locator(".unsent-mine"), phone.locator(".unsent-now")
    expect(mine).to_contain_text(DONE)
    expect(mine.locator("img")).to_have_count(1)
    expect(now).to_contain_text("待核查")
    expect(now).to_contain_text("同事已经办完")
    phone.get_by_role("button", name="改作留言").click()
    phone.wait_for_url(f"**/cases/{case.uuid}/")
    assert DONE in words_of(case, "comment")
    event = case.events.get(move="comment")
    assert case.photos.filter(sequence=event.sequence).count() == 1
    assert fresh(case).state == State.HANDLED and Contents(phone).unsent == []


def test_a_form_that_lacks_something_says_so_at_once_and_keeps_nothing(phone):
    case = case_at(State.HANDLED)
    sign_in(phone, with_password(Leg.objects.open().get(case=case).person))
    open_case(phone, case)
    phone.goto(f"/cases/{case.uuid}/moves/pass/")
    be_located(phone.locator(".move-form"))
    phone.signal.lose()
    named(phone.locator(".move-form"), "确认核查通过").click()
    expect(phone.get_by_text("请至少拍一张照片。")).to_be_visible()
    expect(phone.get_by_text("请填写这一项。")).to_be_visible()
    take_photo(phone)
    phone.get_by_label("说明").fill("现场已恢复")
    named(phone.locator(".move-form"), "确认核查通过").click()
    expect(phone.get_by_text("没有信号，“核查通过”已存在这台手机里")).to_be_visible()
    phone.signal.find()
    replay(phone, lambda: fresh(case).state == State.VERIFIED)


def test_a_session_that_ends_before_a_move_is_called_so_and_the_move_goes_on_after_signing_in(phone):
    case = case_at(State.HANDLING)
    name = with_password(handler_of(case))
    sign_in(phone, name)
    open_case(phone, case)
    phone.goto(f"/cases/{case.uuid}/moves/feedback/")
    take_photo(phone)
    phone.get_by_label("说明").fill(DONE)
    phone.context.clear_cookies(name="sessionid")
    named(phone.locator(".move-form"), "确认反馈").click()
    expect(phone.get_by_text("登录已过期，“反馈”已存在这台手机里")).to_be_visible()
    assert "没有信号" not in phone.locator("main").inner_text()
    phone.get_by_role("link", name="重新登录").click()
    sign_in(phone, name)
    phone.goto("/field/")
    replay(phone, lambda: fresh(case).state == State.HANDLED)
    assert words_of(case, "feedback") == DONE
