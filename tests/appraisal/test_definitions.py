"""The data: every counter and measure can be read, is used, and has the words of its card."""

import datetime as dt
from dataclasses import replace
from random import Random

import pytest
from django.db.models import Q

from appraisal import catalogue
from appraisal.catalogue import counters, every_measure, measures, now_measures, stocks, wrong_with
from appraisal.counting import counts
from appraisal.figures import figure
from appraisal.formulas import NOTHING
from appraisal.periods import Period
from appraisal.slices import Slice
from appraisal.stocks import counts_now, rows_of
from cases.models import Case
from tests import lives
from tests.appraisal.worlds import World

YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def test_there_are_as_many_measures_as_the_domain_asks_for():
    assert len(every_measure()) >= 45


def test_every_counter_and_every_stock_is_part_of_a_measure():
    used = frozenset().union(*(one.counters for rows in catalogue._versions().values() for one in rows))
    assert (counters().keys() | stocks().keys()) - used == set()


def test_numerators_and_denominators_are_sums_whose_rows_can_be_listed():
    for measure in every_measure().values():
        for formula in (measure.numerator, *measure.denominators.values()):
            assert formula is NOTHING or formula.terms is not None, measure.key


def test_two_measures_never_have_the_same_name():
    labels = [one.label for one in every_measure().values()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bias": ""}, "word"),
        ({"denominator_words": ""}, "word"),
        ({"threshold_words": ""}, "word"),
        ({"direction": "sideways"}, "better"),
        ({"direction": "down"}, "thresholds"),
        ({"direction": "none"}, "thresholds"),
        ({"lacks": "没有来源"}, "no data"),
        ({"numerator": NOTHING, "denominator": None, "alternatives": ()}, "no data"),
        ({"denominator": None}, "other one"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(wrong, said):
    measure = measures()["closed_in_time_rate"]
    assert wrong_with(measure) == ""
    assert said in wrong_with(replace(measure, **wrong))


def test_a_measure_without_data_says_so_and_has_no_value():
    missing = [one for one in measures().values() if one.lacks]
    assert {"response_rate", "resolved_rate"} <= {one.key for one in missing}
    for measure in missing:
        assert figure(measure, {}).value is None and figure(measure, {}).shown == "无数据"
        assert counts(measure.counters, [YEAR], Slice("district", 1)) == {}


def test_a_rate_of_nothing_is_no_data_and_never_nought():
    for measure in measures().values():
        if measure.is_ratio:
            assert figure(measure, {}).value is None, measure.key


def test_a_small_base_has_no_tone():
    measure = measures()["closed_in_time_rate"]
    assert figure(measure, {"closed": 9, "closed_in_time": 0}).tone == ""
    assert figure(measure, {"closed": 10, "closed_in_time": 0}).tone == "bad"
    assert figure(measure, {"closed": 10, "closed_in_time": 10}).tone == "good"


def test_another_denominator_that_a_place_chose_is_used():
    measure = measures()["rework_rate"]
    some = {"closed_after_rework": 1, "closed": 10, "handled": 20}
    assert figure(measure, some).value == 10
    assert figure(measure, some, "handled").value == 5


def test_mostly_satisfied_counts_nine_tenths():
    some = {"residents_satisfied": 8, "residents_mostly": 2, "residents_unsatisfied": 2}
    assert figure(measures()["satisfied_rate"], some).value == pytest.approx(100 * 9.8 / 12)


@pytest.mark.parametrize("numerator", ["closed + imagined", "closed +", "open"])
def test_a_measure_of_unknown_counters_is_refused(numerator):
    with pytest.raises(catalogue.Wrong, match="odd"):
        catalogue._measure("appraisal", "odd", {"numerator": numerator})


@pytest.mark.django_db
def test_stocks_count_what_stands_now():
    for state in ("reported", "handling", "closed"):
        lives.case_at(state)
    of = Slice("district", Case.objects.first().district_id)
    now = lives.MORNING + dt.timedelta(days=8)
    found = counts_now(stocks(), of, now)[None]
    assert (found["open"], found["to_register"], found["in_handling"]) == (2, 1, 1)
    assert (found["open_for_7_days"], found["open_for_15_days"]) == (2, 0)
    assert figure(now_measures()["overdue_share_now"], found).value == 0


@pytest.mark.django_db
def test_a_stock_counts_whatever_its_conditions_say():
    world = World(Random(21))
    world.live(120)
    district = Slice("district", Case.objects.order_by("pk").values_list("district", flat=True)[0])
    found = 0
    for stock in stocks().values():
        alone = replace(stock, grain=replace(stock.grain, standing=Q()))
        assert rows_of(stock, district, world.now).count() == rows_of(alone, district, world.now).count()
        found += rows_of(stock, district, world.now).exists()
    assert found > len(stocks()) // 3


def test_closed_in_time_is_part_of_what_was_closed_or_should_have_been():
    """应结案数 of digital city management: closed in time, closed late, and overdue without an end."""
    measure = measures()["closed_in_time_rate"]
    assert figure(measure, {"closed": 7, "closed_in_time": 7}, "due").value == 100
    assert figure(measure, {"closed": 7, "closed_in_time": 7, "last_handling_due_late": 7}, "due").value == 50
