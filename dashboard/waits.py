"""Who waits on whom: open cases by whoever is to act next, the late ones first."""

import datetime as dt
from dataclasses import dataclass

from appraisal.counting import in_slice
from appraisal.grains import CASE
from appraisal.slices import Slice
from cases.counting import counted_in
from cases.models import Case
from cases.waiting import ASKED, Matter
from cases.workflow import Lateness
from governance.models import Organization, User
from governance.roles import Duty

LISTED = 8
#: Marks are read after they are counted, and names asked of the few that are shown.
_SQL = """
    SELECT w.matter, w.duty, w.place, o.name, w.number, w.late, w.due_at
    FROM (
        SELECT left(mark, 1) AS matter, substr(mark, 2, 1) AS duty,
            CASE WHEN substr(mark, 3, 1) <> '@' THEN substr(mark, 3)::bigint END AS place,
            sum(number)::int AS number, sum(late)::int AS late, min(due_at) AS due_at
        FROM (
            SELECT mark, count(*) AS number, count(*) FILTER (WHERE lateness = %(red)s) AS late, min(due_at) AS due_at
            FROM seen, unnest(waits_for) AS mark WHERE is_open AND mark <> 'o' AND left(mark, 1) <> '-' GROUP BY mark
        ) AS m
        GROUP BY 1, 2, 3 ORDER BY late DESC, number DESC LIMIT %(most)s
    ) AS w LEFT JOIN governance_organization o ON o.id = w.place ORDER BY w.late DESC, w.number DESC
"""
_DOES = {
    Duty.CHIEF: "立案、结案",
    Duty.DISPATCH: "派遣",
    Duty.INTAKE: "核实、核查",
    Duty.HANDLE: "处置",
    Duty.VERIFY: "核查",
    Duty.LEAD: "答复督办",
}
#: People who are named one by one: who was drawn for a check, or ordered to answer.
_PEOPLE = {Duty.LEAD: "被督办的领导"}


@dataclass(frozen=True)
class Waited:
    """Somebody who is waited for: where, in which duty, for what, by how many cases; ``mark`` finds them in a list."""

    who: str
    what: str
    number: int
    late: int
    oldest: dt.datetime | None
    mark: str


def _said(duty: Duty, place: str | None) -> str:
    """A duty at a place, or people who are named one by one."""
    return f"{place} · {duty.label}" if place else _PEOPLE.get(duty, f"抽派的{duty.label}")


def who(mark: str) -> str:
    """Whom a mark means, in words, in one statement where it names a place; nothing where it cannot be read."""
    duty, place = mark[1:2], mark[2:]
    if duty not in Duty.values:
        return ""
    named = Organization.objects.filter(pk=place) if place.isdecimal() else Organization.objects.none()
    return _said(Duty(duty), named.values_list("name", flat=True).first())


def waited_for(user: User, of: Slice) -> list[Waited]:
    """Whoever most late cases wait for, in one statement."""
    cases = in_slice(CASE, Case.objects.visible_to(user).order_by(), of.within)
    rows = counted_in(
        cases.values_list("waits_for", "is_open", "lateness", "due_at"),
        _SQL,
        {"red": Lateness.RED.value, "most": LISTED},
    )
    return [
        Waited(
            _said(Duty(duty), name),
            f"决定{Matter(matter).label}" if Matter(matter) in ASKED else _DOES.get(Duty(duty), "下一步"),
            number,
            late,
            oldest,
            f"{matter}{duty}{place or '@'}",
        )
        for matter, duty, place, name, number, late, oldest in rows
    ]
