"""The worked example walked by the real moves, all cases side by side in the order of the clock."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

from appraisal import catalogue, exclusions
from appraisal.adjusting import adjusted, excluded
from appraisal.catalogue import Measure
from appraisal.counting import counts
from appraisal.denominators import sections_of
from appraisal.figures import figure
from appraisal.periods import Period
from appraisal.slices import Slice
from appraisal.stocks import counts_now
from cases.actions import sweeping
from cases.models import Case
from cases.workflow import Loop
from governance.models import Organization
from governance.roles import Duty, Role
from tests import lives, people


def read(path: Path = catalogue.DATA / "example.toml") -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def at(text: str) -> dt.datetime:
    return dt.datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=lives.SHANGHAI)


def _report(row: dict[str, Any], now: dt.datetime) -> Case:
    more: dict[str, Any] = {}
    if row["source"] == "phone":
        more = {"by": people.someone("clerk", people.COMMUNITY), "contact_phone": "13912345678"}
    return lives.reported(loop=Loop(row["loop"]), now=now, source=Case.Source(row["source"]), **more)


def walk(example: dict[str, Any]) -> list[Case]:
    """The cases of the example, in its order."""
    made: dict[int, Case] = {}
    steps = [(at(time), 1, "sweep", 0, {}) for time in example["sweeps"]]
    for number, row in enumerate(example["cases"], 1):
        for time, move, *given in row["steps"]:
            steps.append((at(time), 0, move, number, given[0] if given else {}))
    hands = lives.hands()
    for now, _, move, number, given in sorted(steps, key=lambda step: step[:2]):
        if move == "sweep":
            sweeping.sweep(now=now)
        elif number not in made:
            made[number] = _report(example["cases"][number - 1], now)
        else:
            if "target" in given:
                given = given | {"target": made[given["target"]]}
            hands.step(made[number].uuid, move, now=now, **given)
    return [Case.objects.get(pk=made[number].pk) for number in sorted(made)]


def exclude(example: dict[str, Any], made: list[Case]) -> None:
    """What the example says is left out, by those who may; asked and agreed to a day before its end."""
    row, now = example["excluded"], at(example["now"])
    case = made[row["case"] - 1]
    asker = lives.hands().holding(Duty.HANDLE, case.unit_id)[0]
    found = exclusions.ask(case.pk, ground=row["ground"], words=row["words"], by=asker, now=now)
    for role in (Role.DUTY_CHIEF, Role.LEADER):
        by = people.someone(role, people.DISTRICT)
        exclusions.decide(found.pk, verdict="agree", reason="情况属实", by=by, now=now)


def adjusted_values(example: dict[str, Any], measures: dict[str, Measure]) -> dict[str, str]:
    """Every rate of which something was left out, without it: numerator ÷ denominator."""
    of = Slice("district", Organization.objects.get(code=people.DISTRICT).pk)
    period, found = Period(example["begin"], example["end"]), {}
    for key, measure in measures.items():
        if measure.is_now or measure.lacks:
            continue
        counted = counts(measure.counters, [period], of).get((0, None))
        left_out = excluded(measure.counters, [period], of).get((0, None))
        if one := adjusted(measure, counted, left_out):
            found[key] = f"{said(one.figure.numerator)} / {said(one.figure.denominator)}"
    return found


def said(number: float | None) -> str:
    return "无数据" if number is None else f"{round(number, 4):g}"


def values(example: dict[str, Any], measures: dict[str, Measure]) -> dict[str, str]:
    """Every measure for the example: its number, or numerator ÷ denominator."""
    of = Slice("district", Organization.objects.get(code=people.DISTRICT).pk)
    period = Period(example["begin"], example["end"])
    found = {}
    for key, measure in measures.items():
        if measure.lacks:
            found[key] = "无数据"
            continue
        if measure.is_now:
            counted = counts_now(measure.counters, of, at(example["now"])).get(None)
        else:
            (section,) = sections_of(key, period, [])
            counted = counts(section.measure.counters, [period], of).get((0, None))
        one = figure(measure, counted)
        found[key] = (
            f"{said(one.numerator)} / {said(one.denominator)}" if measure.is_ratio else said(one.value)
        )
    return found
