"""Averages of averages never, distinct people never from sums: shown of every formula, counter and grain of the data."""

import ast
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db.models import F, IntegerField

from appraisal.catalogue import Measure, _versions, counters, every_measure, stocks
from appraisal.facts import facts
from appraisal.formulas import BANDS, WEIGHTS, Formula, names_in, parse
from appraisal.grains import DIMENSIONS, Grain, grains, subjects
from governance.models import Post

GRAINS = list(grains().values())
#: Words of a share or a mean.
OF_RATES = ("rate", "share", "mean", "average", "median", "percent")


def formulas() -> Iterator[tuple[Measure, Formula]]:
    """All formulas of all versions of all measures, the alternatives too."""
    for rows in _versions().values():
        for measure in rows:
            for formula in (measure.numerator, *measure.denominators.values()):
                yield measure, formula


def divisors(formula: Formula) -> list[ast.expr]:
    return [
        node.right
        for node in ast.walk(formula.tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    ]


def test_a_rate_divides_once_and_by_a_sum():
    tried = 0
    for measure, formula in formulas():
        assert not any(list(names_in(one)) for one in divisors(formula)), measure.key
        assert not {BANDS, WEIGHTS} & {getattr(one, "id", "") for one in ast.walk(formula.tree)}, measure.key
        assert measure.lacks or formula.terms is not None, measure.key
        tried += 1
    assert tried > 200


def test_a_formula_is_made_of_counters_or_stocks_and_of_no_other_measure():
    for measure, formula in formulas():
        known = stocks() if measure.is_now else counters()
        assert formula.counters <= known.keys(), measure.key
        assert not [name for name in formula.counters if any(word in name.split("_") for word in OF_RATES)]


@pytest.mark.parametrize("text", ["closed_in_time / closed + handled_in_time / handled", "100 * (a / b) / c"])
def test_a_rate_of_rates_would_be_seen(text):
    assert parse(text).terms is None and any(list(names_in(one)) for one in divisors(parse(text)))


def test_the_figure_of_a_whole_is_that_of_the_sums_and_not_the_mean_of_its_parts():
    """Two places, one with all in time and one with nearly nothing: for every rate, the sums decide."""
    from appraisal.figures import figure

    tried = 0
    for measure in every_measure().values():
        if not measure.is_ratio or measure.lacks:
            continue
        few = dict.fromkeys(measure.counters, 1)
        many = {name: 1000 if name in measure.denominator.counters else 1 for name in measure.counters}
        whole = figure(measure, {name: few[name] + many[name] for name in measure.counters})
        top, bottom = (
            sum(formula.value(one) for one in (few, many))
            for formula in (measure.numerator, measure.denominator)
        )
        assert whole.numerator == pytest.approx(top) and whole.denominator == pytest.approx(bottom)
        if bottom:
            assert whole.value == pytest.approx(top / bottom * (100 if measure.unit == "%" else 1)), (
                measure.key
            )
            tried += 1
    assert tried > 60


def is_of_people(grain: Grain, path: object) -> bool:
    """Whether a column or dimension leads to a person."""
    path = path.name if isinstance(path, F) else path
    if not isinstance(path, str) or path == "pk":
        return False
    model = grain.rows().model
    for part in path.removesuffix("_id").split("__"):
        field = model._meta.get_field(part)
        if not field.is_relation:
            return False
        model = field.related_model
        if model in (get_user_model(), Post):
            return True
    return False


def test_nothing_counts_people():
    """Rows are counted, each once; no row is a person, and no column tells people apart."""
    for grain in GRAINS:
        assert grain.rows().model not in (get_user_model(), Post)
        for path in (*grain.dimensions.values(), *grain.columns.values()):
            assert not is_of_people(grain, path), (grain.name, path)
    assert is_of_people(grains()["order"], "ordered_by"), "a column of a person would be seen"
    assert not any(measure.unit in ("人", "名", "人次") for measure in every_measure().values())
    assert not any("people" in one or "person" in one or "user" in one for one in DIMENSIONS)


@pytest.mark.parametrize("subject", subjects())
def test_a_counter_adds_ones_or_whole_amounts_of_its_own_rows(subject):
    mine = [one for one in counters().values() if one.grain.subject == subject]
    sql, _ = facts(subject, mine, lambda grain, rows: rows)
    assert "DISTINCT" not in sql.upper().replace("IS DISTINCT FROM", "")
    for one in mine:
        if one.amount:
            assert not any(word in one.amount.split("_") for word in OF_RATES), one.key
            found = one.grain.amount(one.amount)
            query = one.grain.rows().annotate(x_amount=found.copy()).query
            assert isinstance(query.annotations["x_amount"].output_field, IntegerField), one.key
