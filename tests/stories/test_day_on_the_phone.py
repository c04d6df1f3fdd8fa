"""A day outdoors: what is due first, a walk in a good order, one thing after the other, and what is near."""

import pytest
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import State
from governance.models import User
from governance.roles import Role
from grid.datum import to_gcj02
from tests.lives import case_at, inside
from tests.stories.steps import PHONE, named, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
METRES = 1 / 111_320  # degrees of latitude
#: How far north of the phone the cases lie, in the order of their reports.
NORTH = (60, 10, 85, 35)


@pytest.fixture
def cases() -> list[Case]:
    longitude, latitude = inside()
    return [
        case_at(State.DISPATCHED, position=[longitude, latitude + metres * METRES], words=f"向北{metres}米")
        for metres in NORTH
    ]


@pytest.fixture
def phone(signed_in, cases) -> Page:
    handler = User.objects.filter(posts__organization=cases[0].unit, posts__role=Role.HANDLER).order_by("pk")[
        0
    ]
    page = signed_in(with_password(handler), PHONE)
    page.goto("/field/")
    return page


def words_of(page: Page) -> list[str]:
    return page.locator(".case-card .card-words").all_inner_texts()


def test_cards_say_how_far_it_is_and_stand_in_the_order_of_a_walk(phone):
    cards = phone.locator(".case-card")
    expect(cards).to_have_count(4)
    expect(cards.first.locator("[data-away]")).to_have_text("60 米")
    phone.get_by_role("button", name="顺路走").click()
    expect(phone.locator("[data-route-told]")).to_contain_text("按直线距离")
    expect(phone.locator(".part")).to_have_count(0)
    assert words_of(phone) == [f"向北{metres}米" for metres in sorted(NORTH)]
    phone.get_by_role("button", name="按时限").click()
    assert words_of(phone) == [f"向北{metres}米" for metres in NORTH]
    expect(phone.locator(".part")).to_have_count(1)


def test_where_no_position_is_allowed_the_list_stands_and_the_walk_says_why(phone):
    phone.context.clear_permissions()
    phone.reload()
    expect(phone.locator("[data-away]").first).to_be_empty()
    phone.get_by_role("button", name="顺路走").click()
    expect(phone.locator("[data-route-told]")).to_contain_text("没有定位权限")
    assert words_of(phone) == [f"向北{metres}米" for metres in NORTH]


def test_one_thing_after_the_other_is_done(phone, cases):
    phone.add_init_script("navigator.vibrate = (ms) => { sessionStorage.shaken = ms; return true; }")
    phone.reload()
    phone.get_by_role("link", name="向北60米").click()
    named(phone.locator(".field-action"), "签收").click()
    expect(phone.get_by_role("heading", name="办好了")).to_be_visible()
    expect(phone.locator(".moved")).to_contain_text(cases[0].number)
    assert phone.evaluate("sessionStorage.shaken") == "40"
    phone.get_by_role("link", name="下一件：签收").click()
    expect(phone.locator(".case-top")).to_contain_text("向北10米")
    phone.goto("/field/?tab=done")
    assert words_of(phone) == ["向北60米"]


def test_the_map_app_that_was_taken_stands_first_the_next_time(phone, cases):
    longitude, latitude = to_gcj02(cases[0].longitude, cases[0].latitude)
    phone.context.route("https://*/**", lambda route: route.fulfill(status=200, body="a map"))
    phone.goto(f"/cases/{cases[0].uuid}/")
    phone.locator("[data-ways] summary").click()
    phone.get_by_role("link", name="高德地图").click()
    phone.wait_for_url(f"https://uri.amap.com/navigation?to={longitude:.6f},{latitude:.6f},**")
    phone.goto(f"/cases/{cases[1].uuid}/")
    expect(phone.locator(".way-again")).to_have_text("导航（高德地图）")
    expect(phone.locator("[data-ways] summary")).to_have_text("换一个")


def test_what_is_near_is_asked_for_by_the_kilometre_and_sorted_by_the_metre(phone):
    asked = []
    phone.on("request", lambda request: "/field/near/?" in request.url and asked.append(request.url))
    phone.get_by_role("link", name="附近").click()
    expect(phone.locator("[data-near-told]")).to_contain_text("约 1 公里内在办 4 件")
    expect(phone.locator(".case-card [data-away]").first).to_have_text("10 米")
    assert words_of(phone) == [f"向北{metres}米" for metres in sorted(NORTH)]
    longitude, latitude = inside()
    assert asked and all(f"lon={longitude:.2f}&lat={latitude:.2f}" in url for url in asked)
    expect(phone.locator(".map .map-icon").first).to_be_visible()


def test_a_picture_that_does_not_come_leaves_no_broken_one(phone, cases):
    phone.evaluate(
        """() => {
            const picture = new Image();
            picture.src = "/photos/00000000-0000-4000-8000-000000000000-s.jpg";
            document.querySelector(".case-card").append(picture);
        }"""
    )
    expect(phone.locator(".case-card.has-no-picture")).to_have_count(1)
    expect(phone.locator(".case-card img")).to_be_hidden()


def test_the_offer_to_install_becomes_a_button(phone):
    phone.goto("/field/me/")
    install = phone.locator("[data-install]")
    expect(install).to_be_hidden()
    phone.evaluate(
        """() => {
            const offer = new Event("beforeinstallprompt", { cancelable: true });
            offer.prompt = () => { window.offered = true; };
            offer.userChoice = Promise.resolve({ outcome: "accepted" });
            window.dispatchEvent(offer);
        }"""
    )
    install.click()
    expect(install).to_be_hidden()
    assert phone.evaluate("window.offered")


def test_the_strip_is_there_only_when_there_is_something_to_say(phone):
    expect(phone.locator("[data-strip]")).to_be_hidden()
    phone.context.set_offline(True)
    expect(phone.locator("[data-strip]")).to_contain_text("离线可上报")
    phone.context.set_offline(False)
    expect(phone.locator("[data-strip]")).to_be_hidden()
