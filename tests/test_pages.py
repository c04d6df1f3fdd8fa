"""Every page for its role, on a screen and on a phone: no message on the console, no overflow, readable by everybody."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from appraisal.models import PlaceWarning, RepeatPlace
from cases.models import Case
from cases.workflow import Loop, State
from demo.accounts import COMMUNITY, DISTRICT, STREET
from governance.actions import relay
from governance.models import Organization, User
from partybuilding.models import Whistle
from tests import neighbours
from tests.appraisal.excluding import asked
from tests.appraisal.looks import looked_at
from tests.lives import case_at, walk
from tests.partybuilding.blowing import blown
from tests.patrols.walks import walked
from tests.stories.steps import DESK, Device, open_device

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: The narrowest phone that people carry.
NARROW = Device(360, 780, is_carried=True)
#: Cases that the pages speak of: state and loop by a name.
CASES = {
    "new": (State.REPORTED, Loop.COMMUNITY),
    "call": (State.CHECKING, Loop.STREET),
    "registered": (State.REGISTERED, Loop.STREET),
    "sent": (State.DISPATCHED, Loop.STREET),
    "handling": (State.HANDLING, Loop.COMMUNITY),
    "disputed": (State.DISPUTED, Loop.STREET),
    "handled": (State.HANDLED, Loop.COMMUNITY),
    "verified": (State.VERIFIED, Loop.DISTRICT),
    "closed": (State.CLOSED, Loop.COMMUNITY),
}
#: Who opens what; {new} stands for the address of the case of that name.
PAGES = {
    "": ["/login/", "/field/offline/", "/styleguide/"],
    "wangge": [
        "/field/", "/field/near/", "/field/near/?lon=102.73&lat=25.04", "/field/?tab=mine", "/field/?q=12", "/field/me/",
        "/field/report/", "/field/patrols/", "{patrol}", "/inbox/", "{new}", "{closed}",
        "{closed}moves/evaluate/", "/board/missed/",
    ],
    "zhiyuan": ["/field/", "/field/report/", "/inbox/"],
    "louzhang": ["/field/", "/field/neighbourhood/", "/field/report/?handled=1"],
    "shequ": [
        "/desk/", "/desk/?queue=mine-reported", "/desk/?queue=all", "/desk/?q=%E5%AE%B6%E5%85%B7", "/desk/gaps/",
        "/desk/phone/", "/desk/tasks/", "/desk/bulk/register/?queue=mine-reported", "/exports/", "/exports/new/cases/?queue=all", "{new}", "{new}moves/register/", "{new}moves/merge/", "{handled}", "/board/",
        "{community}", "/board/missed/", "{warning}",
    ],
    "wuye": [
        "/desk/", "/field/", "/field/?tab=done", "{moved_handled}", "{ask_exclusion}", "{handling}", "{handling}moves/feedback/",
        "{handling}moves/ask_suspension/",
    ],
    "zhifa": ["/desk/?queue=mine-dispatched", "{sent}", "{sent}moves/refuse/"],
    "shouli": ["/desk/", "/desk/phone/", "{call}"],
    "zhiban": ["/desk/", "/status/", "{disputed}", "{disputed}moves/adjudicate/"],
    "q_zhiban": ["/desk/calendar/", "/desk/?queue=open", "/desk/?queue=open&checked=far"],
    "paiqian": ["{registered}", "{registered}moves/dispatch/"],
    "jielingdao": ["/board/", "/board/?show=red", "/board/walls/?show=red", "{sent}moves/order_supervision/", "{street}", "/board/mine/", "/board/measures/", "/board/counted/?measure=open_now", "/board/warnings/", "{warning}", "/board/repeats/", "{repeat}", "/board/exclusions/", "{exclusion}"],
    "quling": [
        "/board/", "/board/trends/", "/board/map/", "/board/map/?measure=reported&level=community", "/board/map/?show=heat",
        "/board/measures/closed_in_time_rate/", "/board/measures/closed_in_time_rate/?period=year&recount=yes",
        "{district}", "{unit}", "/desk/?queue=closed&closed=30", "{verified}", "{verified}file/", "/inbox/",
    ],
    "jieshuji": [
        "/party/", "/party/whistles/", "{whistle}", "{whistle}moves/call/", "{whistle}print/", "{blow}", "{handling}",
    ],
    "cg_lianluo": ["/party/", "{whistle}", "/field/", "/field/calls/", "{arrive}"],
    "shenji": ["/board/", "/desk/?queue=all", "{verified}"],
    "xitong": ["/admin/"],
    "anquan": ["/admin/"],
}  # fmt: skip

#: Breaches of the content policy, also those that the console does not tell.
LISTEN = """
  window.breaches = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
"""
#: What sticks out of the window, if the page can be moved sideways at all.
STICKS_OUT = """
  () => {
    const root = document.scrollingElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return [`${root.scrollWidth} px`, ...out.slice(0, 3).map((one) => `${one.tagName}.${one.className}`)];
  }
"""


@pytest.fixture
def cases() -> dict[str, Case]:
    """A handful of walked cases with notices of them, a request that waits and an order."""
    now = timezone.now() - dt.timedelta(hours=1)
    by_name = {name: case_at(state, loop=loop, now=now) for name, (state, loop) in CASES.items()}
    walk(by_name["sent"], "ask_extension", "order_supervision", now=now + dt.timedelta(minutes=20))
    blown(case_at(State.HANDLING, loop=Loop.STREET, now=now), now=now + dt.timedelta(minutes=30))
    looked_at(timezone.now())
    neighbours.asked(User.objects.get(username="louzhang"))
    relay(now=timezone.now())
    return by_name


def enter(page: Page, username: str) -> None:
    """Signed in without the login page, which has stories of its own."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    name = settings.SESSION_COOKIE_NAME
    page.goto("/login/")
    # The whole site's cookie: with the address of the page it would belong to the sign-in page alone.
    origin = urljoin(page.url, "/")
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": origin}])


def problems_of(page: Page, address: str) -> Iterator[str]:
    """What is wrong with a page."""
    heard: list[str] = []
    page.on("console", lambda told: told.type == "error" and heard.append(told.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    answer = page.goto(address)
    if answer.status != 200:
        yield f"status {answer.status}"
    if urlsplit(page.url).path != urlsplit(address).path:
        yield f"led to {page.url}"
    page.wait_for_load_state("networkidle")
    yield from heard
    yield from page.evaluate("window.breaches")
    yield from page.evaluate(STICKS_OUT)
    if address.startswith("/admin/"):
        return  # Django's own pages
    for breach in Axe().run(page).response["violations"]:
        if breach["impact"] in ("serious", "critical"):
            yield f"{breach['id']}: {breach['nodes'][0]['html'][:160]} ({len(breach['nodes'])} ×)"


@pytest.mark.trust
@pytest.mark.parametrize("device", [DESK, NARROW], ids=["screen", "phone"])
def test_every_page_is_quiet_fits_and_can_be_read_by_everybody(
    browser, live_server, cases, promise, device: Device
):
    addresses = {name: f"/cases/{case.uuid}/" for name, case in cases.items()}
    whistle = Whistle.objects.get()
    addresses |= {
        "moved_handled": f"/field/moved/{cases['handled'].uuid}/",
        "whistle": f"/party/whistles/{whistle.uuid}/",
        "arrive": f"/field/arrive/{whistle.uuid}/",
        "blow": f"/party/blow/{cases['sent'].uuid}/",
    }
    addresses["patrol"] = f"/field/patrols/{walked(now=timezone.now()).uuid}/"
    warning = PlaceWarning.objects.get(place__code=COMMUNITY)
    addresses |= {
        "warning": f"/board/warnings/{warning.pk}/",
        "repeat": f"/board/repeats/{RepeatPlace.objects.earliest('pk').pk}/",
        "exclusion": f"/board/exclusions/{asked(cases['sent'], now=timezone.now()).pk}/",
        "ask_exclusion": f"/board/exclusions/cases/{cases['handling'].uuid}/",
    }
    places = {
        "community": COMMUNITY,
        "street": STREET,
        "district": DISTRICT,
        "unit": f"{DISTRICT}-urban_management",
    }
    addresses |= {
        name: f"/board/places/{Organization.objects.get(code=code).pk}/" for name, code in places.items()
    }
    problems, seen = [], 0
    for username, pages in PAGES.items():
        context = open_device(browser, live_server.url, device)
        context.add_init_script(LISTEN)
        page = context.new_page()
        if username:
            enter(page, username)
        for address in pages:
            tab = context.new_page()
            problems += [
                f"{username} {address}: {problem}"
                for problem in problems_of(tab, address.format(**addresses))
            ]
            tab.close()
            seen += 1
        context.close()
    assert not problems, "\n".join(problems)
    promise("a page is quiet, fits and can be read by everybody", tried=seen, held=seen)
