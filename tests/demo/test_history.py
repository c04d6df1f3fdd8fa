"""The planned year as real moves make it: numbers in order of time, places that stand out, a start that may be cut off."""

import datetime as dt

import pytest

from cases import pace
from cases.models import Case, CaseEvent, CaseText
from cases.workflow import Grade, State
from demo import history, world, year
from demo.history import job, make_more
from demo.outsiders import Kind
from demo.planning import Part
from governance.models import Organization
from records import chain
from tests.demo.test_world import NOW

TODAY = NOW.date()
OLD = NOW - dt.timedelta(days=70)
FEW = {
    "FIRST": 5,
    "A_CELL": 0,
    "ABANDONED": 1,
    "DUPLICATES": 1,
    "TODAY": 1,
    "OUTSIDE": 0,
    "CHECKS": (),
    "ENDINGS": (),
}


@pytest.fixture
def few_first(monkeypatch):
    for name, value in FEW.items():
        monkeypatch.setattr(world, name, value)


def quiet(done, total):
    pass


def make(demo_world, plan):
    """Make planned cases alone; returns them as they are at last."""
    for number, one in enumerate(plan, 1):
        demo_world.random.seed(str(one.at))
        assert demo_world.make(job(demo_world, one), world.Numbers(number))
    return Case.objects.all()


def numbers_by_time():
    return list(Case.objects.order_by("reported_at").values_list("pk", flat=True))


def test_planned_cases_get_the_numbers_of_their_time_and_a_cut_is_made_good(demo_world, plan, few_first):
    few = plan[200::900]
    first = world.make_first(demo_world, few, quiet)
    last = Case.objects.latest("pk").pk
    assert last == first + len(few)

    def cut(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_more(demo_world, few, TODAY, cut, lambda: NOW)
    assert make_more(demo_world, few, TODAY, quiet, lambda: NOW) == len(few) - 2
    assert make_more(demo_world, few, TODAY, quiet, lambda: NOW) == 0
    assert numbers_by_time() == list(range(1, last + 1))
    assert {one.at for one in few} <= set(Case.objects.values_list("reported_at", flat=True))
    assert chain.broken(CaseEvent, CaseText) == []
    assert demo_world.report(few[0].topic, NOW).pk == last + 1


def test_where_something_else_took_a_number_an_everyday_case_is_left_out(plan):
    storm = [one for one in plan if one.part == Part.STORM][:2]
    two = [one for one in plan if one.part == Part.EVERYDAY and one.at > storm[-1].at][:2]
    early, late = storm[0].at - dt.timedelta(hours=1), two[-1].at + dt.timedelta(hours=1)
    known = [(1, early), (5, late)]
    assert dict(history.free_numbers(storm + two, known)) == {storm[0]: 2, storm[1]: 3, two[1]: 4}
    assert dict(history.free_numbers(storm + two, [(1, early), (3, late)])) == {storm[0]: 2}


def test_the_slow_department_is_late_and_reworked_and_the_model_street_is_not(demo_world, plan):
    usual = [one for one in plan if one.part == Part.EVERYDAY and one.at < OLD and one.by is None]
    slow = [one for one in usual if leads(demo_world, one) == year.SLOW][:12]
    model = [one for one in usual if one.grid.startswith(year.MODEL) and one not in slow][:9]
    cases = make(demo_world, slow + model)
    unit = Organization.objects.get(function=year.SLOW)
    of_slow, of_model = cases.filter(units__contains=[unit.pk]), cases.filter(street__code=year.MODEL)
    of_model = of_model.exclude(units__contains=[unit.pk])
    assert of_slow.count() >= 8 and of_model.count() >= 8
    assert of_slow.filter(was_late=True).count() >= 4 > 1 >= of_model.filter(was_late=True).count()
    failed = CaseEvent.objects.filter(move="fail")
    assert failed.filter(case__in=of_slow).count() >= 2 > failed.filter(case__in=of_model).count()
    best = (Grade.SATISFIED, Grade.SCORE_5, Grade.NOBODY)
    assert of_model.filter(state=State.EVALUATED, grade__in=best).count() >= 6


def leads(demo_world, one):
    category = demo_world.categories[one.topic.category]
    return demo_world.rows[category.pk, one.topic.condition, one.topic.loop].lead


def test_what_the_storm_left_is_handled_in_the_week_after_it(demo_world, plan):
    left = [one for one in plan if one.part == Part.STORM and one.not_before and one.by is None][:6]
    make(demo_world, left)
    for one in left:
        handled = CaseEvent.objects.filter(case__reported_at=one.at, move="feedback")
        at = handled.earliest("sequence").at
        assert one.not_before <= at <= one.not_before + dt.timedelta(days=5)


def test_a_spot_that_comes_again_is_one_place_on_the_map(demo_world, plan):
    spot = year.REPEATS[0]
    cases = make(demo_world, [one for one in plan if one.address == spot.address][:3])
    assert set(cases.values_list("address", "grid__code")) == {(spot.address, spot.grid)}
    assert len(set(cases.values_list("longitude", "latitude"))) == 1


def test_the_worker_of_the_overlooked_grid_was_there_when_a_resident_reports(demo_world, plan):
    of_day = [one for one in plan if one.part in (Part.PATROL, Part.OVERLOOKED) and one.at < OLD][-2:]
    cases = make(demo_world, of_day).order_by("reported_at")
    assert cases.first().source == Case.Source.SELF
    assert (
        cases.last().is_from_resident and cases.first().reported_at.date() == cases.last().reported_at.date()
    )


def test_a_program_reports_the_past_however_much_it_has_reported_since(demo_world, plan, monkeypatch):
    monkeypatch.setattr(pace, "PROGRAM_A_MINUTE", 1)
    of_program = [one for one in plan if one.by == Kind.HOTLINE]
    make(demo_world, [of_program[-1], of_program[-20], of_program[-60]])
    assert Case.objects.count() == 3
