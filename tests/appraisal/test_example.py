"""Ten cases whose numbers a clerk can check by hand: every measure says what stands in the example."""

import pytest

from appraisal import tallying
from appraisal.catalogue import every_measure
from cases.workflow import MOVES, Step
from tests import lives
from tests.appraisal import example

EXAMPLE = example.read()


def ours():
    return {key: one for key, one in every_measure().items() if one.module == "appraisal"}


def test_the_example_has_eleven_cases_and_a_value_of_every_measure():
    assert len(EXAMPLE["cases"]) == 11
    assert list(EXAMPLE["values"]) == list(ours())
    steps = [move for case in EXAMPLE["cases"] for _, move, *_ in case["steps"]]
    assert set(steps) <= MOVES.keys()


@pytest.mark.django_db
def test_every_measure_says_of_the_example_what_the_page_says():
    made = example.walk(EXAMPLE)
    for case, row in zip(made, EXAMPLE["cases"], strict=True):
        due = case.legs.filter(step=Step.HANDLING).values_list("due_at", flat=True)
        assert list(due) == [example.at(one) for one in row["handling_due"]], row["words"]
    assert example.values(EXAMPLE, ours()) == EXAMPLE["values"], "from the rows"
    while tallying.tally(now=lives.MORNING):
        pass
    assert example.values(EXAMPLE, ours()) == EXAMPLE["values"], "from the tallies"
    assert example.adjusted_values(EXAMPLE, ours()) == {}
    example.exclude(EXAMPLE, made)
    assert example.values(EXAMPLE, ours()) == EXAMPLE["values"], "what is excluded changes no raw figure"
    assert example.adjusted_values(EXAMPLE, ours()) == EXAMPLE["adjusted"]
