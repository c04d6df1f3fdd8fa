"""Pictures of the demo world for the docs: taken when asked for (``make screens``), no story otherwise."""

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.utils import timezone
from playwright.sync_api import Page, expect

from appraisal.tallying import tally
from cases.models import Case, Leg
from cases.workflow import Loop, State, Step
from demo.accounts import STREET
from governance.models import User
from governance.roles import Role
from partybuilding.models import Whistle
from partybuilding.workflow import State as WhistleState
from tests.stories.steps import PHONE, save_screen, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def with_much_to_see() -> Case:
    """A case of a street that waits to be closed, with most photos to tell its story."""
    told = Case.objects.filter(state=State.VERIFIED, loop=Loop.STREET)
    return told.annotate(taken=Count("photos")).order_by("-taken", "-rounds", "-pk").first()


def chief_of(case: Case) -> User:
    """A duty chief of the centre that commands a case."""
    return User.objects.filter(posts__organization=case.centre, posts__role=Role.DUTY_CHIEF).order_by("pk")[0]


def open_first(page: Page, state: str) -> None:
    """Open the first case of a list that is in a state, or the first one where none is."""
    rows = page.locator("[data-case-list] [data-case]")
    wanted = rows.filter(has_text=state)
    (wanted if wanted.count() else rows).first.click()


def with_people_on_the_spot() -> Whistle:
    """A running whistle of the stage's street of which most has happened: somebody there, somebody late."""
    running = Whistle.objects.filter(state=WhistleState.ON_SITE, side__code=STREET)
    return running.annotate(steps=Count("events")).order_by("-steps", "-pk")[0]


def busiest_checker() -> User:
    """The inspector or supervisor for whom most checks were drawn."""
    checks = Leg.objects.open().filter(step__in=[Step.CHECKING, Step.VERIFYING], person__isnull=False)
    drawn = checks.filter(person__posts__role__in=[Role.INSPECTOR, Role.SUPERVISOR])
    return User.objects.get(pk=drawn.values("person").annotate(n=Count("pk")).order_by("-n")[0]["person"])


def see_map(page: Page) -> None:
    """The map has drawn its outlines and its marks."""
    expect(page.locator(".leaflet-overlay-pane path").first).to_be_attached()
    expect(page.locator(".map-icon").first).to_be_visible()


def test_the_demo_world_as_its_people_see_it(signed_in):
    call_command("demo", verbosity=0)

    dispatcher = signed_in("q_paiqian")
    dispatcher.goto("/desk/?queue=open")
    open_first(dispatcher, "待派遣")
    expect(dispatcher.locator("#main .case-head")).to_be_visible()
    see_map(dispatcher)
    save_screen(dispatcher, "desk")

    tally(now=timezone.now())
    leader = signed_in("quling")
    see_map(leader)
    save_screen(leader, "board")
    leader.goto("/board/trends/")
    expect(leader.locator("canvas, .chart svg").first).to_be_visible()
    save_screen(leader, "trends")

    case = with_much_to_see()
    chief = signed_in(with_password(chief_of(case)))
    chief.goto(f"/cases/{case.uuid}/")
    see_map(chief)
    save_screen(chief, "case")

    secretary = signed_in("jieshuji")
    secretary.goto(f"/party/whistles/{with_people_on_the_spot().uuid}/")
    expect(secretary.locator(".call-row").first).to_be_visible()
    save_screen(secretary, "whistle")

    liaison = signed_in("cg_lianluo", PHONE)
    liaison.goto("/field/calls/")
    expect(liaison.locator(".call-card").first).to_be_visible()
    save_screen(liaison, "whistle_phone")

    leader_outdoors = signed_in("quling", PHONE)
    see_map(leader_outdoors)
    save_screen(leader_outdoors, "board_phone")

    checker = signed_in(with_password(busiest_checker()), PHONE)
    expect(checker.locator(".case-list")).to_be_visible()
    save_screen(checker, "field_todo")
