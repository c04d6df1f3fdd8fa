"""What people do on the pages, one step a function: the stories read as sentences made of these."""

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from cases.models import Case, Leg
from demo.accounts import DEMO_PASSWORD
from demo.scenes import draw
from governance.models import User
from tests.lives import inside

#: Milliseconds; a loaded machine is slow, a broken page is slower.
TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)

# Devices ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Device:
    """A screen size, and whether the device is a phone."""

    width: int
    height: int
    is_carried: bool = False


DESK = Device(1440, 900)
PHONE = Device(390, 844, is_carried=True)


def open_device(
    browser: Browser, site: str, device: Device, *, service_workers: str = "block"
) -> BrowserContext:
    """A browser of its own; a phone's position is in the first grid of 尚义社区."""
    carried = {}
    if device.is_carried:
        longitude, latitude = inside()
        carried = {
            "has_touch": True,
            "device_scale_factor": 2,
            "permissions": ["geolocation"],
            "geolocation": {"longitude": longitude, "latitude": latitude, "accuracy": 12},
        }
    context = browser.new_context(
        # A device may be located on localhost only, as the browser takes no other plain address for secure.
        base_url=site.replace("127.0.0.1", "localhost"),
        viewport={"width": device.width, "height": device.height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        service_workers=service_workers,
        **carried,
    )
    context.set_default_timeout(TIMEOUT_MS)
    return context


def sign_in(page: Page, username: str) -> None:
    """Through the login page, like everybody."""
    page.goto("/login/")
    page.get_by_label("账号", exact=True).fill(username)
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("summary[aria-label*='岗位与退出']")).to_be_visible()


def drawn_for(case: Case) -> str:
    """The user name of whoever was drawn to look at a case; without a demo account they get its password."""
    person = Leg.objects.open().get(case=case).person
    assert person is not None, "nobody was drawn"
    return with_password(person)


def with_password(person: User) -> str:
    """The user name of somebody who can sign in from now on."""
    if not person.has_usable_password():
        person.set_password(DEMO_PASSWORD)
        person.save(update_fields=["password"])
    return person.username


# Everywhere -------------------------------------------------------------------------------------------------------


def camera_file(scene: str = "rubbish", *, after: bool = False) -> dict:
    """A picture as a camera hands it over."""
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": draw(scene, 0, after=after)}


def take_photo(form: Locator, scene: str = "rubbish", *, after: bool = False) -> None:
    """Put a picture into the form's camera field and see that it has arrived."""
    form.locator("input[type=file]:visible, .camera input[type=file]").first.set_input_files(
        camera_file(scene, after=after)
    )
    expect(form.get_by_text("已上传")).to_be_visible()


def be_located(form: Locator) -> None:
    """See that the device's position has been found."""
    expect(form.locator("[data-position-where]")).to_contain_text("尚义社区")


def choose_category(page: Page, name: str) -> None:
    """Find a category by its words."""
    page.get_by_role("searchbox", name="类别").fill(name)
    page.get_by_role("button", name=name, exact=True).click()


def choose(field: Locator, words: str) -> None:
    """Choose the first option that holds some words."""
    field.select_option(field.locator("option", has_text=words).first.get_attribute("value"))


def named(within: Locator, label: str) -> Locator:
    """A button or link that begins with a label, whatever key hint follows."""
    words = re.compile(rf"^\s*{re.escape(label)}(?!\S)")
    return within.get_by_role("button", name=words).or_(within.get_by_role("link", name=words)).first


def see_state(page: Page, label: str) -> None:
    """See the state on the case's badge."""
    expect(page.locator(".case-now .badge, .case-top .badge, .moved .badge").first).to_have_text(label)


# On the phone -----------------------------------------------------------------------------------------------------


def report(page: Page, *, category: str, words: str) -> Case:
    """Report from the street in one screen: photo, position from the device, category, words."""
    page.locator(".bottom-bar").get_by_role("link", name="上报").click()
    form = page.locator("[data-report]")
    be_located(form)
    take_photo(form)
    choose_category(page, category)
    page.get_by_label("情况说明").fill(words)
    save_screen(page, "field_report")
    named(form.locator(".field-action"), "上报").click()
    expect(page.locator(".done-number")).to_be_visible()
    return Case.objects.get(uuid=page.url.rstrip("/").rpartition("/")[2])


def open_to_do(page: Page, case: Case) -> None:
    """Open a case from one's own list on the phone."""
    page.goto("/field/")
    page.locator(f"a[href='/cases/{case.uuid}/']").click()
    expect(page.locator(".case-top")).to_be_visible()


def look_on_site(page: Page, case: Case, move: str, words: str) -> None:
    """Check or verify where it is: a photo, the device's position, a sentence."""
    open_to_do(page, case)
    named(page.locator("main"), move).click()
    form = page.locator(".move-form form[method=post]")
    be_located(form)
    take_photo(form, after=True)
    form.get_by_label("说明").fill(words)
    named(form, f"确认{move}").click()
    expect(page.locator("[data-toast]")).to_contain_text(f"已{move}")


# At the desk ------------------------------------------------------------------------------------------------------


def own_queue(page: Page, queue: str) -> Locator:
    """A line of "我要办的"."""
    return page.locator(".queues ul").first.get_by_role("link").filter(has_text=queue).first


def find_in_queue(page: Page, queue: str, case: Case) -> None:
    """Open a queue of one's own and, from its list, the case beside it."""
    page.goto("/desk/")
    own_queue(page, queue).click()
    row = page.locator(f"[data-case-list] [data-case='{case.uuid}']")
    row.click()
    expect(page.locator(f"#main [data-case-page='{case.uuid}']")).to_be_visible()


def press(page: Page, move: str) -> None:
    """A move that needs no further word."""
    named(page.locator(".moves"), move).click()


def open_move(page: Page, move: str) -> Locator:
    """The form of a move, opened in place."""
    press(page, move)
    form = page.locator("#move .move-form form[method=post]")
    expect(form).to_be_visible()
    return form


def confirm(page: Page, form: Locator, move: str) -> None:
    """Send the form of a move and see that it was done."""
    named(form, f"确认{move}").click()
    expect(page.locator("[data-toast]").last).to_contain_text(f"已{move}")


def see_moved(page: Page, label: str) -> None:
    """See what state a move has led to; the desk has gone on to the next case where the list does not hold this one."""
    expect(page.locator("[data-toast]").last).to_contain_text(f"现为“{label}”")


def register(page: Page) -> None:
    """Register by the row of the responsibility list that is proposed."""
    form = open_move(page, "立案")
    expect(form.locator("input[name=responsibility]:checked")).to_have_count(1)
    confirm(page, form, "立案")
    see_moved(page, "待派遣")


def dispatch_as_proposed(page: Page, unit: str) -> None:
    """Dispatch to the unit that the list proposes, by one press."""
    button = page.get_by_role("button", name=re.compile("^派遣给"))
    expect(button).to_contain_text(unit)
    button.click()
    see_moved(page, "待签收")


def dispatch_to(page: Page, unit: str) -> None:
    """Dispatch to another unit than the proposed one."""
    named(page.locator(".moves"), "派给其他单位").click()
    form = page.locator("#move .move-form form[method=post]")
    choose(form.get_by_label("处置单位"), unit)
    confirm(page, form, "派遣")
    see_moved(page, "待签收")


def feed_back(page: Page, words: str) -> None:
    """Say what was done, with a photo."""
    form = open_move(page, "反馈")
    form.get_by_label("说明").fill(words)
    take_photo(form, after=True)
    confirm(page, form, "反馈")


def close(page: Page) -> None:
    """Close when the closing condition is met."""
    form = open_move(page, "结案")
    form.get_by_label(re.compile("^已达到结案条件")).check()
    confirm(page, form, "结案")


# On the board -----------------------------------------------------------------------------------------------------


def figure(page: Page, label: str) -> Locator:
    """One of the five numbers."""
    return page.locator(".stat").filter(has=page.locator(".stat-label", has_text=label))


def number_of(stat: Locator) -> int:
    """The number as it stands there, of a rate of few cases what stands above the line."""
    shown = re.search(r"[\d,]+", stat.locator(".stat-number").inner_text())
    return int(shown[0].replace(",", ""))


def opens_what_it_counts(page: Page, label: str) -> None:
    """A figure opens a list of the very number of things; nought opens none."""
    stat = figure(page, label)
    count = number_of(stat)
    if not count:
        expect(stat.locator(".stat-number > a")).to_have_count(0)
        return
    stat.locator(".stat-number > a").click()
    expect(page.locator("#main .card-head").last).to_contain_text(f"{count:,} 条")
    expect(page.locator("#main .case-row")).to_have_count(min(count, 50))
    page.go_back()
    expect(stat).to_be_visible()


# Pictures ---------------------------------------------------------------------------------------------------------

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"


def save_screen(page: Page, name: str) -> None:
    """Renew a picture of the docs when asked to: few colours, so that it stays small."""
    if os.environ.get("GRIDLOOP_SCREENS") != "1":
        return
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    SCREENS.mkdir(parents=True, exist_ok=True)
    picture.quantize(200, dither=Image.Dither.NONE).save(SCREENS / f"{name}.png", optimize=True)
