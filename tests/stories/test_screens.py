"""Pictures of the demo world for the docs: taken when asked for (``make screens``), no story otherwise."""

import pytest
from django.core.management import call_command
from django.db.models import Count
from playwright.sync_api import Page, expect

from cases.models import Case, Leg
from cases.workflow import Loop, State, Step
from governance.models import User
from governance.roles import Role
from tests.stories.steps import PHONE, save_screen, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def with_much_to_see() -> Case:
    """A case of a street that waits to be closed, with most photos to tell its story."""
    told = Case.objects.filter(state=State.VERIFIED, loop=Loop.STREET)
    return told.annotate(taken=Count("photos")).order_by("-taken", "-rounds", "-pk").first()


def chief_of(case: Case) -> User:
    """A duty chief of the centre that commands a case."""
    return User.objects.filter(posts__organization=case.centre, posts__role=Role.DUTY_CHIEF).order_by("pk")[0]


def for_the_dispatcher() -> Case:
    """The case that waits most urgently for the district's dispatcher."""
    return Case.objects.filter(state=State.REGISTERED, loop=Loop.DISTRICT).by_due_date().first()


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
    dispatcher.locator(f"[data-case-list] [data-case='{for_the_dispatcher().uuid}']").click()
    expect(dispatcher.locator("#main .case-head")).to_be_visible()
    see_map(dispatcher)
    save_screen(dispatcher, "desk")

    leader = signed_in("quling")
    see_map(leader)
    save_screen(leader, "board")

    case = with_much_to_see()
    chief = signed_in(with_password(chief_of(case)))
    chief.goto(f"/cases/{case.uuid}/")
    see_map(chief)
    save_screen(chief, "case")

    leader_outdoors = signed_in("quling", PHONE)
    see_map(leader_outdoors)
    save_screen(leader_outdoors, "board_phone")

    checker = signed_in(with_password(busiest_checker()), PHONE)
    expect(checker.locator(".case-list")).to_be_visible()
    save_screen(checker, "field_todo")
