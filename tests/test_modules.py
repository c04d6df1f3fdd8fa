"""An app above the loop adds to it without being known below: panels, to-do, outbox handlers, moves that it hears."""

import datetime as dt
from copy import deepcopy
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

from appraisal.catalogue import counters, every_measure
from cases.models import Case
from cases.workflow import Loop, State
from governance import actions, modules
from governance import profile as profiles
from governance.faces import FACES
from governance.models import Outbox
from governance.profile import profile
from tests import people
from tests.lives import MORNING, case_at, walk
from tests.small import module as small

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def small_app(settings, monkeypatch):
    """The small app beside all others."""
    settings.INSTALLED_APPS = ["tests.small", *settings.INSTALLED_APPS]
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [*templates[0]["DIRS"], settings.BASE_DIR / "tests" / "small" / "templates"]
    settings.TEMPLATES = templates
    modules.installed.cache_clear()
    small.HEARD.clear()
    small.SENT.clear()
    yield small
    monkeypatch.undo()
    modules.installed.cache_clear()


def page(case: Case) -> str:
    client = Client()
    client.force_login(people.clerk())
    return client.get(f"/cases/{case.uuid}/").content.decode()


def test_its_panel_stands_on_the_cases_it_has_something_to_say_about(small_app):
    at_street = case_at(State.REGISTERED, loop=Loop.STREET)
    assert f"吹哨 {at_street.number}" in page(at_street)
    assert "吹哨报到" not in page(case_at(State.REGISTERED))


def test_without_it_there_is_no_trace_of_it():
    assert "吹哨" not in page(case_at(State.REGISTERED, loop=Loop.STREET))
    assert "small" not in modules.faces()


def left_out(monkeypatch, *names: str) -> None:
    """A place that does not use some modules."""
    place = replace(profile(), without=frozenset(names))
    monkeypatch.setattr(profiles, "read", lambda _: place)


def test_a_place_that_leaves_it_out_has_no_trace_of_it_either(small_app, monkeypatch):
    case = case_at(State.REGISTERED, loop=Loop.STREET)
    left_out(monkeypatch, "small")
    assert "small" not in modules.faces() and small_app.MODULE in modules.installed()
    assert "吹哨" not in page(case)
    assert {module.name for module, _ in modules.to_do(people.clerk(), timezone.now(), most=10)} <= {"cases"}
    walk(case, "escalate", now=MORNING + HOUR)
    assert small_app.HEARD == [] and run_checks() == []
    with pytest.raises(LookupError):
        modules.handler("pigeon")


@pytest.mark.parametrize("name", ["cases", "governance", "desk", "field", "weather"])
def test_what_the_loop_needs_and_what_is_no_module_is_not_left_out(name, monkeypatch):
    left_out(monkeypatch, name)
    found = [message.msg for message in run_checks() if message.id == "governance.E001"]
    assert len(found) == 1 and repr(name) in found[0]


def test_it_hears_of_a_move_inside_its_transaction_after_it_was_written(small_app):
    case = walk(case_at(State.REGISTERED), "escalate", now=MORNING + HOUR)
    assert [("escalate", case.pk, "written")] == small_app.HEARD


def test_what_it_cannot_follow_does_not_happen(small_app, monkeypatch):
    case = case_at(State.REGISTERED)
    monkeypatch.setattr(small_app, "REFUSES", True)
    with pytest.raises(RuntimeError):
        walk(case, "escalate", now=MORNING + HOUR)
    after = Case.objects.get(pk=case.pk)
    assert (after.version, after.loop, after.events.count()) == (case.version, case.loop, case.version)


def test_one_question_gives_what_waits_for_a_person_in_every_module_by_due_date(small_app):
    case = case_at(State.REGISTERED)
    rows = modules.to_do(people.clerk(), timezone.now(), most=10)
    assert [(module.name, row.verb) for module, row in rows] == [("small", "报到"), ("cases", "派遣")]
    assert rows[1][1].address == f"/cases/{case.uuid}/"


def test_an_outbox_row_goes_to_the_handler_of_its_kind(small_app):
    now = timezone.now()
    actions.tell("信", url="", audience=[{"user": people.clerk().pk}], now=now, kind="pigeon")
    assert actions.relay(now=now) == 1
    assert small_app.SENT == ["信"] and not people.clerk().notices.exists()


def test_a_kind_that_nobody_delivers_is_shown_as_failing_and_not_lost():
    now = timezone.now()
    actions.tell("信", url="", audience=[{"user": people.clerk().pk}], now=now, kind="pigeon")
    assert actions.relay(now=now) == 0
    row = Outbox.objects.get(subject="信")
    assert row.done_at is None and "pigeon" in row.error


def test_every_face_of_the_table_of_roles_is_declared_by_an_app():
    named = {face for opened in FACES.values() for face in opened}
    assert named == set(modules.faces())
    assert all(face.address == f"/{name}/" for name, face in modules.faces().items())


def test_what_is_declared_stands_in_the_order_of_the_settings():
    ours = [name for name in settings.INSTALLED_APPS if name in ("field", "desk", "dashboard", "cases")]
    declared = [module.name for module in modules.installed()]
    assert [name for name in declared if name in ours] == ours


# Notices ----------------------------------------------------------------------------------------------------------


def test_a_duty_leads_with_what_is_asked_and_news_with_what_happened():
    case = case_at(State.DISPATCHED, loop=Loop.STREET)
    actions.relay(now=MORNING + HOUR)
    handler = case.unit.posts.first().user
    client = Client()
    client.force_login(handler)
    text = client.get("/inbox/").content.decode()
    assert "派给您：" in text and "待签收" in text
    walk(case, "accept", now=MORNING + HOUR)
    assert "处置中" in client.get("/inbox/").content.decode(), "the state of today, not of then"
    assert list(client.get("/inbox/?kind=news").context["notices"]) == []
    reporter = Client()
    reporter.force_login(people.worker())
    news = reporter.get("/inbox/?kind=news").context["notices"]
    assert {notice.outbox.verb for notice in news} == {"立案"}


def test_a_record_is_shown_by_whoever_keeps_its_kind_to_whoever_may_see_it():
    case = case_at(State.REGISTERED)
    assert modules.shown("case", people.clerk(), [case.pk])[case.pk].number == case.number
    assert modules.shown("case", people.stranger(), [case.pk]) == {}
    with pytest.raises(LookupError):
        modules.shown("weather", people.clerk(), [case.pk])


def test_what_is_counted_follows_the_modules_that_are_used(monkeypatch):
    assert "whistles_blown" in counters()
    with monkeypatch.context() as there:
        left_out(there, "partybuilding")
        assert "whistles_blown" not in counters() and "closed" in counters()
        assert not any(measure.module == "partybuilding" for measure in every_measure().values())
    assert "whistles_blown" in counters()
