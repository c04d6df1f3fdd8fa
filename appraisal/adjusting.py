"""Adjusted figures 剔除后: the same formula over the counts less what excluded cases count, shown beside the raw ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from appraisal.catalogue import Measure, counters
from appraisal.counting import By, Counts, Group, group_of, grouped, question
from appraisal.facts import facts, of_records
from appraisal.figures import Figure, figure
from appraisal.models import Exclusion, ExclusionDecision
from appraisal.periods import Period
from appraisal.slices import Slice

#: What is excluded are cases; a rate of other records has no adjusted value.
SUBJECT = "case"
_Verdict = ExclusionDecision.Verdict


@dataclass
class Excluded:
    """What excluded cases count by counter, and which cases those are."""

    counts: Counts = field(default_factory=dict)
    cases: dict[str, frozenset[int]] = field(default_factory=dict)

    def cases_of(self, measure: Measure, alternative: str = "") -> frozenset[int]:
        """Those of them that a rate counts above or below, by the denominator that is used."""
        denominator = measure.denominators.get(alternative, measure.denominator)
        used = measure.numerator.counters | (denominator.counters if denominator else frozenset())
        return frozenset().union(*(self.cases.get(key, frozenset()) for key in used))


@dataclass(frozen=True)
class Adjusted:
    """A rate without the excluded cases, and those of them that it would count."""

    figure: Figure
    cases: frozenset[int]


def is_adjustable(measure: Measure) -> bool:
    """Whether a measure is a rate of cases over a period."""
    subjects = {counters()[key].grain.subject for key in measure.counters} if not measure.is_now else set()
    return measure.is_ratio and subjects == {SUBJECT}


def excluded(
    keys: Iterable[str], periods: Sequence[Period], of: Slice, by: By = By.ALL, places: Iterable[int] = ()
) -> dict[tuple[int, Group], Excluded]:
    """What excluded cases add to the answer of ``counting.counts`` to the same question; one statement.

    A group to which they add nothing is left out.
    """
    asked = question(keys, periods, of, by, places)
    wanted = [one for one in asked.counters if one.grain.subject == SUBJECT]
    if not wanted:
        return {}
    live, values = facts(SUBJECT, wanted, of_records(Exclusion.objects.granted().values("case")))
    sql, parameters = grouped(asked, live, values, more=", c.record")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT period, grouped, counter, sum(amount), array_agg(DISTINCT record)"
            f" FROM ({sql}) AS every GROUP BY 1, 2, 3",
            parameters,
        )
        rows = cursor.fetchall()
    names = {one.number: one.key for one in wanted}
    found: dict[tuple[int, Group], Excluded] = defaultdict(Excluded)
    for period, group, counter, amount, cases in rows:
        one = found[period, group_of(by, group)]
        one.counts[names[counter]], one.cases[names[counter]] = int(amount or 0), frozenset(cases)
    return dict(found)


def less(counts: Mapping[str, int] | None, left_out: Mapping[str, int]) -> Counts:
    """Counts without those of excluded cases."""
    known = dict(counts or {})
    return known | {key: known.get(key, 0) - number for key, number in left_out.items()}


def adjusted(
    measure: Measure, counts: Mapping[str, int] | None, left_out: Excluded | None, alternative: str = ""
) -> Adjusted | None:
    """A rate without excluded cases; None where it counts none of them, and of what is no rate of cases.

    ``alternative`` names the denominator that the district has chosen, as for ``figure``.
    """
    if left_out is None or not is_adjustable(measure):
        return None
    cases = left_out.cases_of(measure, alternative)
    return Adjusted(figure(measure, less(counts, left_out.counts), alternative), cases) if cases else None


def left_out_by_decisions() -> frozenset[int]:
    """Cases that are excluded, told from what people said alone: two besides the asker agree, and nobody refused or ended it."""
    agreed: dict[tuple[int, int], set[int]] = defaultdict(set)
    stopped = set()
    said = ExclusionDecision.objects.order_by("pk")
    for exclusion, case, asker, by, verdict in said.values_list(
        "exclusion", "exclusion__case", "exclusion__asked_by", "by", "verdict"
    ):
        if verdict != _Verdict.AGREE:
            stopped.add((exclusion, case))
        elif by != asker:
            agreed[exclusion, case].add(by)
    return frozenset(one[1] for one, people in agreed.items() if len(people) > 1 and one not in stopped)
