"""What the boards show of exclusions: the list that stands behind an adjusted figure, its file, and the panel of a case."""

import datetime as dt
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest

from appraisal.adjusting import excluded, is_adjustable
from appraisal.catalogue import Measure
from appraisal.counting import in_slice, moment
from appraisal.exclusions import why_not_ask
from appraisal.grains import CASE
from appraisal.models import Exclusion, ExclusionDecision
from appraisal.periods import DAY
from cases.clocks import stamp
from cases.filters import FilterField
from cases.models import Case
from cases.workflow import Lateness
from dashboard.counted import measure_of
from dashboard.filters import LARGEST, Chosen, PageWords
from dashboard.sheet import OUT_OF_SIGHT
from governance import modules
from governance.models import User
from governance.statements import ask_about
from records.sheet import Columns, Part, book

State, Verdict = Exclusion.State, ExclusionDecision.Verdict
UNDECIDED = "undecided"
#: What the list may show, by the word of its address.
SHOWS: dict[str, tuple[str, tuple[State, ...]]] = {
    "": ("全部", tuple(State)),
    UNDECIDED: ("待决定", (State.ASKED, State.AGREED)),
    "granted": ("已剔除", (State.GRANTED,)),
    "denied": ("不予剔除", (State.DENIED,)),
    "ended": ("已恢复计入", (State.ENDED,)),
}


class ExclusionFilters(PageWords):
    """Which exclusions are listed, beside the filters of all pages; those that a rate counts, where one is named."""

    state = FilterField(
        label="状态", choices=[(name, words) for name, (words, _) in SHOWS.items()], required=False
    )
    ground = FilterField(label="事由", choices=[("", "全部事由"), *Exclusion.Ground.choices], required=False)
    who = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    measure = forms.CharField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Line:
    """An exclusion with its case as the viewer may see it: None out of sight."""

    exclusion: Exclusion
    case: modules.Shown | None


@dataclass(frozen=True)
class ExclusionList:
    """Exclusions of cases of a place, as an address asks for them."""

    chosen: Chosen
    form: ExclusionFilters

    @cached_property
    def words(self) -> dict[str, Any]:
        """What the address says of the list itself and can be read."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @cached_property
    def measure(self) -> Measure | None:
        """The rate whose excluded cases are listed; raises ``Http404`` for what has none."""
        if "measure" not in self.words:
            return None
        found = measure_of(self.words["measure"])
        if not is_adjustable(found):
            raise Http404("这个指标没有剔除后的数。")
        return found

    @cached_property
    def rows(self) -> QuerySet[Exclusion]:
        """The newest first. Of a rate those that it counts in the period; else those asked for in it, or not yet decided."""
        chosen, found = self.chosen, Exclusion.objects.order_by("-pk")
        if self.measure is not None:
            of_place = excluded(self.measure.counters, [chosen.period], chosen.slice).get((0, None))
            cases = of_place.cases_of(self.measure, chosen.alternative(self.measure)) if of_place else ()
            found = found.granted().filter(case__in=cases)
        else:
            begin, end = moment(chosen.period.begin), moment(chosen.period.end + DAY)
            undecided = Q(state__in=SHOWS[UNDECIDED][1])
            cases = in_slice(CASE, Case.objects.all(), chosen.slice.within)
            found = found.filter(
                Q(asked_at__gte=begin, asked_at__lt=end) | undecided, case__in=cases.values("pk")
            )
        if "state" in self.words:
            found = found.filter(state__in=SHOWS[self.words["state"]][1])
        if "ground" in self.words:
            found = found.filter(ground=self.words["ground"])
        if who := self.words.get("who"):
            said = ExclusionDecision.objects.filter(exclusion=OuterRef("pk"), by=who)
            found = found.filter(Q(asked_by=who) | Q(pk__in=said.values("exclusion")))
        said = ExclusionDecision.objects.select_related("by")
        return found.select_related("asked_by").prefetch_related(Prefetch("decisions", said))

    @property
    def is_narrowed(self) -> bool:
        """Whether the list itself is narrowed beside place and period."""
        return bool(self.words.keys() - {"measure"})

    def who_in(self, rows: Iterable[Exclusion]) -> str:
        """The name of the person whose part is listed, as far as the rows tell it."""
        people = [one.asked_by for one in rows] + [said.by for one in rows for said in one.decisions.all()]
        return next((user.name for user in people if user.pk == self.words.get("who")), "此人")

    def address(self, **more: Any) -> str:
        """The same list with some words of its address changed."""
        return self.chosen.address("exclusions", **self.words | more)


def lines(rows: Sequence[Exclusion], user: User) -> list[Line]:
    """Exclusions with what this person may see of their cases."""
    shown = modules.shown("case", user, [one.case_id for one in rows])
    return [Line(one, shown.get(one.case_id)) for one in rows]


def said_in_words(decision: ExclusionDecision) -> str:
    """Who said what and why, in one line of a file."""
    return f"{decision.by.name} {stamp(decision.at)} {decision.get_verdict_display()}：{decision.reason}"


# The file ----------------------------------------------------------------------------------------------------------

COLUMNS: Columns = (
    ("编号", 18), ("事项", 40), ("哪里", 40), ("时限", 8), ("事由", 20), ("说明", 40), ("申请人", 12), ("申请时间", 16),
    ("状态", 14), ("意见", 90),
)  # fmt: skip


def sheet(rows: Iterable[Line], notes: Sequence[str]) -> io.BytesIO:
    """A workbook of the list, with notes below it."""
    file, _ = book([Part("剔除", COLUMNS, map(_cells, rows), notes)])
    return file


def _cells(line: Line) -> list[str]:
    one, case = line.exclusion, line.case
    about = (
        [
            case.number,
            case.title,
            case.where,
            Lateness(case.lateness).label,
            one.get_ground_display(),
            one.words,
        ]
        if case
        else ["", OUT_OF_SIGHT, "", "", one.get_ground_display(), ""]
    )
    said = "；".join(said_in_words(decision) for decision in one.decisions.all())
    return [*about, one.asked_by.name, stamp(one.asked_at), one.get_state_display(), said]


# The panel of a case -----------------------------------------------------------------------------------------------


def _of_case(user: User, case_id: int) -> QuerySet:
    said = ExclusionDecision.objects.filter(exclusion=OuterRef("pk")).order_by("pk")
    said = said.values(json=JSONObject(name="by__name", verdict="verdict", at="at"))
    rows = Exclusion.objects.filter(case=case_id).order_by("-pk")
    return rows.values_list("pk", "state", "ground", "asked_by__name", "asked_at", ArraySubquery(said))


def panel(request: HttpRequest, case: Case) -> dict[str, Any] | None:
    """What the page of a case shows of its exclusions, in one statement; None where there are none and none to ask for.

    It is offered where something may stand against the case: late, handled again, refused, or over.
    """
    rows = [_shown(*row) for row in ask_about(_of_case, case.pk, request.user)]
    counts_against = case.was_late or case.lateness == Lateness.RED or case.rounds > 1 or case.refusals
    runs = any(one["state"] in Exclusion.RUNNING for one in rows)
    can_ask = not runs and (counts_against or not case.is_open) and why_not_ask(case, request.user) is None
    return {"rows": rows, "can_ask": can_ask, "case": case} if rows or can_ask else None


def _shown(
    pk: int, state: str, ground: str, name: str, asked_at: dt.datetime, said: list[Any]
) -> dict[str, Any]:
    told = [json.loads(one) if isinstance(one, str) else one for one in said]
    return {
        "pk": pk,
        "state": State(state),
        "tone": Exclusion.TONES[State(state)],
        "ground": Exclusion.Ground(ground).label,
        "asked_by": name,
        "asked_at": asked_at,
        "said": [
            (one["name"], Verdict(one["verdict"]).label, dt.datetime.fromisoformat(one["at"])) for one in told
        ],
    }
