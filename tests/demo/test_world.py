import datetime as dt
import io
from collections import Counter
from random import Random

import pytest
from django.core.management import call_command
from django.db.models import Q
from PIL import Image

from cases.models import Case, CaseEvent, CaseText
from cases.workflow import FINAL, Grade, Lateness, Loop, State
from demo import drawing, photos, scenes, world
from demo.accounts import DEMO_PASSWORD, STAGE
from demo.outsiders import PROGRAMS, Kind
from demo.positions import is_inside, point_in
from demo.words import TOPICS
from governance.models import ApiKey, Notice, Outbox, User
from governance.roles import ActorKind
from grid.models import GridRing
from records import chain

NOW = dt.datetime(2026, 11, 20, 7, 0, tzinfo=dt.UTC)  # a Friday, 15:00 in Kunming


@pytest.mark.parametrize("state", [state for state, loop in world.CELLS if loop == Loop.STREET])
def test_a_queue_is_filled_by_real_moves_up_to_now(demo_world, state):
    assert demo_world.make(demo_world.case_in_state(state, Loop.STREET, 0), world.Numbers(1))
    case = Case.objects.get()
    assert (case.state, case.loop) == (state, Loop.STREET)
    assert case.events.order_by("sequence").last().at <= NOW
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_case_nobody_works_on_ends_with_a_named_leader(demo_world):
    (case_uuid,) = demo_world.abandon(NOW - dt.timedelta(days=25))
    case = Case.objects.get(uuid=case_uuid)
    assert (case.state, case.loop, case.escalated_by_time) == (State.REPORTED, Loop.DISTRICT, True)
    assert case.supervisions.get().leader.posts.filter(organization=case.district).exists()


def test_a_second_report_of_the_same_is_merged_into_the_first(demo_world):
    main, other = (Case.objects.get(uuid=u) for u in demo_world.duplicate(NOW - dt.timedelta(days=30)))
    assert (other.state, other.merged_into) == (State.MERGED, main)
    assert set(other.reporters) < set(main.reporters)


@pytest.mark.parametrize("kind", Kind)
def test_who_reports_without_a_post_says_more_and_a_resident_evaluates(demo_world, kind):
    job = demo_world.outside(kind, NOW - dt.timedelta(days=60))
    (case_uuid,) = job.make()
    case = Case.objects.get(uuid=case_uuid)
    events = {event.move: event.actor for event in case.events.order_by("sequence")}
    is_program = kind in PROGRAMS
    expected = ActorKind.PROGRAM if is_program else ActorKind.CONTACT
    assert events["report"].kind == (ActorKind.STAFF if kind == Kind.CALLER else expected)
    assert events["comment"].kind == expected
    assert case.state == State.EVALUATED and (case.grade == Grade.NOBODY) == is_program
    assert is_program or events["evaluate"].kind in (ActorKind.CONTACT, ActorKind.SYSTEM)
    if is_program:
        assert events["report"].name == f"系统对接：{PROGRAMS[kind].name}" and "演示" in PROGRAMS[kind].name
    assert ApiKey.objects.count() == is_program
    assert chain.broken(CaseEvent, CaseText) == []


def test_a_check_waits_for_the_printed_account_it_was_made_for(demo_world):
    checker = User.objects.get(username="jiandu")
    assert demo_world.make(
        demo_world.case_in_state(State.HANDLED, Loop.COMMUNITY, checker=checker), world.Numbers(1)
    )
    case = Case.objects.get()
    assert case.legs.get(stopped_at=None).person == checker
    assert checker.pk not in case.reporters


def test_the_first_three_hundred_fill_every_queue_of_every_loop_and_some_are_late(demo_world):
    made = world.make_first(demo_world, (), lambda done, total: None)
    cases = Case.objects.all()
    counts = Counter(cases.values_list("state", "loop"))
    assert made == cases.count() >= 290
    assert {cell: counts[cell] for cell in world.CELLS if counts[cell] < 5} == {}
    assert all(cases.filter(state=state).exists() for state in FINAL)
    assert cases.filter(Q(was_late=True) | Q(lateness=Lateness.RED)).count() >= 0.08 * made
    assert cases.filter(escalated_by_time=True, supervisions__leader__isnull=False).exists()
    kinds = Counter(event.actor.kind for event in CaseEvent.objects.filter(sequence=1))
    assert kinds[ActorKind.PROGRAM] >= 10 and kinds[ActorKind.CONTACT] >= 5
    assert chain.broken(CaseEvent, CaseText) == []


def test_history_floods_no_inbox(demo_world):
    job = demo_world.living(NOW - dt.timedelta(days=200))
    demo_world.make(job, world.Numbers(1))
    assert Outbox.objects.exists() and not Outbox.objects.filter(done_at=None).exists()
    assert not Notice.objects.filter(read_at=None, at__lt=NOW - world.UNREAD).exists()


def test_every_topic_starts_in_the_loop_it_names(demo_world):
    for topic in TOPICS:
        category = demo_world.categories[topic.category]
        power = {
            loop: row.power
            for (pk, condition, loop), row in demo_world.rows.items()
            if pk == category.pk and condition == topic.condition
        }
        assert next(loop for loop in Loop if power.get(loop) == "settle") == topic.loop, topic.category
        assert topic.scene in scenes.SCENES


def test_positions_lie_in_their_grid(db):
    random = Random(3)
    for row in GridRing.objects.order_by("pk")[:50]:
        assert is_inside(*point_in(row.ring, random), row.ring)


@pytest.mark.parametrize("scene", scenes.SCENES)
def test_scenes_are_pictures_and_differ_before_and_after(scene):
    before, after = (scenes.draw(scene, 0, after=flag) for flag in (False, True))
    assert Image.open(io.BytesIO(before)).size == (drawing.WIDTH, drawing.HEIGHT)
    assert before != after


def test_there_are_forty_pictures():
    assert len(photos.Album.wanted()) == 40


@pytest.mark.django_db
def test_the_accounts_are_printed_with_the_password(capsys):
    call_command("demo", "--accounts")
    text = capsys.readouterr().out
    assert DEMO_PASSWORD in text
    assert all(username in text for username in STAGE)


@pytest.mark.django_db
def test_nothing_is_made_where_cases_are(capsys, demo_world):
    demo_world.make(demo_world.case_in_state(State.REPORTED, Loop.STREET, 0), world.Numbers(1))
    call_command("demo")
    assert Case.objects.count() == 1
