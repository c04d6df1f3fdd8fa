"""Formulas: what they may be made of, and what they say; the known mistakes of a public implementation are refused."""

import pytest

from appraisal.formulas import NotAFormula, parse


def test_a_formula_adds_subtracts_multiplies_and_divides():
    assert parse("100 × (a + b) ÷ c − 1").value({"a": 1, "b": 2, "c": 4}) == 74


def test_a_division_by_nothing_gives_nothing():
    assert parse("a / b").value({"a": 0, "b": 0}) is None
    assert parse("weights[a / b: 60, c: 40]").value({"a": 0, "b": 0, "c": 100}) is None


def test_bands_give_points_up_to_each_limit_and_beyond_the_last():
    points = parse("bands[n, 50: 100, 100: 90, 0]")
    assert [points.value({"n": n}) for n in (0, 50, 51, 100, 101)] == [100, 100, 90, 90, 0]


def test_weights_are_shares_of_a_hundred():
    score = parse("weights[in_time: 60, 100 - late: 40]")
    assert score.value({"in_time": 90, "late": 10}) == 90
    assert [weight for _, weight in score.parts] == [60, 40]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "a ** b",
        "a % b",
        "-a",
        "a and b",
        "a if b else c",
        "a.b",
        "a[0]",
        "f(a)",
        "__import__('os')",
        "'a'",
        "True",
        "1e999",
        "1j",
        "lambda: a",
        "[a]",
        "a, b",
        "bands",
        "bands[a]",
        "bands[a, 0]",
        "bands[a, 10: 1]",
        "bands[a, 10: 1, 5: 2, 0]",
        "bands[a, b: 1, 0]",
        "bands[a, 10: b, 0]",
        "bands[a, 10: 1: 2, 0]",
        "weights[a: 100, b]",
        "a + " * 200 + "a",
    ],
)
def test_anything_else_is_no_formula(text):
    with pytest.raises(NotAFormula):
        parse(text)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a", {"a": 1}),
        ("a + b - a", {"a": 0, "b": 1}),
        ("a + 0.9 × b", {"a": 1, "b": 0.9}),
        ("(a - b) ÷ 2", {"a": 0.5, "b": -0.5}),
        ("a / b", None),
        ("a * b", None),
        ("a + 1", None),
        ("bands[a, 1: 2, 3]", None),
    ],
)
def test_a_sum_knows_the_factors_of_what_it_adds(text, terms):
    assert parse(text).terms == terms


# The mistakes of a public implementation, by the score that had them (domain: composite scores) -------------------


def test_the_regions_weights_that_sum_to_70_are_refused():
    with pytest.raises(NotAFormula, match="70"):
        parse("weights[supervised: 10, registered: 20, closed: 30, closed_in_time: 10]")
    assert parse("weights[supervised: 10, registered: 20, closed: 30, closed_in_time: 40]")


def test_the_acceptors_rate_that_is_used_twice_is_refused():
    with pytest.raises(NotAFormula, match="sent_to_check"):
        parse("weights[accepted: 25, sent_to_check: 40, sent_to_check: 35]")
    with pytest.raises(NotAFormula, match="sent_to_check"):
        parse("weights[accepted: 25, sent_to_check: 40, 100 - sent_to_check: 35]")


@pytest.mark.parametrize("text", ["weights[a: 0, b: 100]", "weights[a: 120, b: 20 - 40]", "weights[a: b]"])
def test_a_weight_is_a_number_above_nothing(text):
    with pytest.raises(NotAFormula):
        parse(text)
