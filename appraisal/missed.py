"""Missed reports 漏报: what somebody else reported in a grid whose worker was there the same day, confirmed by a person.

That a worker was there is known from what the worker did in the grid that day: reported, looked at something on the spot,
or walked through it on a patrol. Of a patrol no more is told than that it was.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from appraisal.counting import moment
from appraisal.models import Looked, MissedDecision, MissedReport
from appraisal.nightly import unseen
from appraisal.numbers import number
from appraisal.periods import DAY, Period
from appraisal.repeats import NOTHING_THERE
from cases.models import Case, CaseEvent
from governance.models import Post, User
from governance.roles import Duty, Role
from grid.models import GridDuty
from patrols.models import PatrolledGrid
from records.given import text
from records.refusals import Forbidden, Refused, Stale

MOST_CHARACTERS = 200
#: Moves that somebody makes who is on the spot.
ON_THE_SPOT = ("report", "report_handled", "found", "not_found", "feedback", "pass", "fail")
_OF_RESIDENTS = (Case.Source.PHONE, Case.Source.RESIDENT)
_OF_STAFF = (Case.Source.FIELD, Case.Source.PATROL)
_WALKING = (Role.INSPECTOR, Role.SUPERVISOR)
#: Of what the workers did so many events are kept: one would be enough to have been there.
KEPT = 3

#: By grid and day: who covers the grid, or what they did there.
Workers = dict[tuple[int, dt.date], set[int]]


def find_missed(*, now: dt.datetime) -> int:
    """Look at the days that were not looked at; returns how many reports were perhaps missed."""
    with unseen(Looked.What.MISSED, now=now, first=number("missed_first_days")) as days:
        return _look(days, now) if days else 0


def _look(days: Period, now: dt.datetime) -> int:
    cases = _reported_by_others(days)
    workers = _workers({(case.grid_id, _day(case)) for case in cases})
    there, patrolled = _on_the_spot(days, workers), _patrolled(days, workers)
    joined = set(
        CaseEvent.objects.filter(case__in=cases, move="also_report").values_list("case", "by")
    )  # after others had reported it
    found = []
    for case in cases:
        key = case.grid_id, _day(case)
        events = [event for event, of in there[key] if of != case.pk]
        first = {one for one in case.reporters if (case.pk, one) not in joined}
        if not (events or key in patrolled) or workers[key] & first:
            continue
        by_resident = case.source in _OF_RESIDENTS
        found.append(
            MissedReport(
                case=case,
                grid_id=case.grid_id,
                community_id=case.community_id,
                day=key[1],
                finder=MissedReport.Finder.RESIDENT if by_resident else MissedReport.Finder.INSPECTOR,
                events=events[:KEPT],
                was_patrolled=key in patrolled,
                workers=sorted(workers[key]),
                found_at=now,
            )
        )
    MissedReport.objects.bulk_create(found)
    return len(found)


def _day(case: Case) -> dt.date:
    return timezone.localdate(case.reported_at)


def _within(days: Period, path: str) -> dict[str, dt.datetime]:
    return {f"{path}__gte": moment(days.begin), f"{path}__lt": moment(days.end + DAY)}


def _reported_by_others(days: Period) -> list[Case]:
    """Cases in grids that residents, inspectors or supervisors reported."""
    walking = set(
        Post.objects.filter(role__in=_WALKING, starts_on__lte=days.end)
        .exclude(ends_on__lte=days.begin)
        .values_list("user", flat=True)
    )
    some = Case.objects.filter(**_within(days, "reported_at")).exclude(grid=None)
    some = some.filter(source__in=[*_OF_RESIDENTS, *_OF_STAFF]).exclude(state__in=NOTHING_THERE)
    columns = ("source", "grid", "community", "reported_at", "reporters")
    return [
        case
        for case in some.order_by("pk").only(*columns)
        if case.source in _OF_RESIDENTS or walking & set(case.reporters)
    ]


def _workers(wanted: Iterable[tuple[int, dt.date]]) -> Workers:
    """Who covered some grids as their worker on some days."""
    wanted = set(wanted)
    duties = GridDuty.objects.filter(duty=GridDuty.Duty.WORKER, grid__in={grid for grid, _ in wanted})
    of_grid = defaultdict(list)
    for grid, user, begin, end in duties.values_list("grid", "user", "starts_on", "ends_on"):
        of_grid[grid].append((user, begin, end))
    return {
        (grid, day): {
            user for user, begin, end in of_grid[grid] if begin <= day and (end is None or day < end)
        }
        for grid, day in wanted
    }


def _on_the_spot(days: Period, workers: Workers) -> dict[tuple[int, dt.date], list[tuple[int, int]]]:
    """What the workers of grids did there, as pairs of event and case, by grid and day."""
    everybody = set().union(*workers.values())
    events = CaseEvent.objects.filter(**_within(days, "at"), move__in=ON_THE_SPOT, by__in=everybody)
    there = defaultdict(list)
    for pk, case, grid, by, at in events.order_by("pk").values_list("pk", "case", "case__grid", "by", "at"):
        key = grid, timezone.localdate(at)
        if by in workers.get(key, ()):
            there[key].append((pk, case))
    return there


def _patrolled(days: Period, workers: Workers) -> set[tuple[int, dt.date]]:
    """Grids and days on which one of the grid's workers walked there on a patrol."""
    some = PatrolledGrid.objects.between(days.begin, days.end).filter(grid__in={grid for grid, _ in workers})
    return {
        (grid, day)
        for grid, day, by in some.values_list("grid", "day", "patrol__by")
        if by in workers.get((grid, day), ())
    }


# Decided by a person -----------------------------------------------------------------------------------------------


def workers_now(reports: Iterable[MissedReport], on: dt.date) -> dict[int, set[int]]:
    """The workers of the grids of some reports, of today and of the day in question, by report; one statement."""
    reports = list(reports)
    covering = _workers({(report.grid_id, on) for report in reports})
    return {report.pk: covering[report.grid_id, on] | set(report.workers) for report in reports}


def why_not_decide(report: MissedReport, by: User, workers: set[int]) -> Refused | None:
    """Why somebody may not decide whether a report was missed; ``workers`` are those whom it concerns."""
    if hasattr(report, "decision"):
        return Stale(f"这一件已经认定：{report.decision.get_verdict_display()}。")
    if by.pk in workers:
        return Forbidden("本网格的网格员不能认定自己网格的漏报。")
    if report.case.source in _OF_STAFF and by.pk in report.case.reporters:
        return Forbidden("上报人不能认定自己上报的是不是漏报。")
    if any(
        (post.role == Role.SUPERVISOR or post.organization_id in by.authority.places(Duty.CHIEF))
        and report.community.path.startswith(post.organization.path)
        for post in by.authority.posts
    ):
        return None
    return Forbidden("漏报由社区坐席、街道监督员或值班长认定。")


@transaction.atomic
def decide(report_id: int, *, verdict: str, reason: str, by: User, now: dt.datetime) -> MissedDecision:
    """Confirm or reject that a report was missed, once; the same person with the same words is answered as before.

    Raises ``MissedReport.DoesNotExist`` out of scope, ``Forbidden``, ``Stale`` or ``Unfit``.
    """
    visible = MissedReport.objects.visible_to(by)
    # The row itself is never changed; who decides takes turns by its lock.
    MissedReport.objects.select_for_update(no_key=True).get(pk=visible.get(pk=report_id).pk)
    report = MissedReport.objects.select_related("case", "community", "decision").get(pk=report_id)
    reason, decision = reason.strip(), getattr(report, "decision", None)
    if decision and (decision.by_id, decision.verdict, decision.reason) == (by.pk, verdict, reason):
        return decision
    workers = workers_now([report], timezone.localdate(now))[report.pk]
    if refusal := why_not_decide(report, by, workers):
        raise refusal
    text("reason", "理由", most=MOST_CHARACTERS)(reason, report)
    return MissedDecision.objects.create(
        report=report,
        case_id=report.case_id,
        verdict=MissedDecision.Verdict(verdict),
        reason=reason,
        by=by,
        at=now,
    )
