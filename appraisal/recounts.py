"""Recounts of more records than anybody waits for: asked once, worked off part by part, compared with the board at the end.

Records move while the worker counts. So each part notes the versions of its records, and at the end, in one moment of the
database, the parts whose versions differ are counted again beside the answer of the board: what disagrees then is wrong.
"""

import datetime as dt
import logging
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DataError, IntegrityError, InternalError, ProgrammingError, transaction
from django.db.models import BigIntegerField, Count, Func, IntegerField, QuerySet, Sum
from django.db.models import Value as Constant
from django.utils import timezone

from appraisal.catalogue import Measure, counters, definitions, every_measure
from appraisal.counting import Asked, counts, question
from appraisal.models import Recount, RecountPart
from appraisal.periods import Period
from appraisal.recounting import Recounted, add_up, candidates, one_moment, records_within
from appraisal.slices import Slice
from governance.models import User
from records.refusals import Refused

log = logging.getLogger(__name__)

#: Records of the place looked at in one transaction.
STRETCH = 2000
#: Seconds after which a round begins no part more, for which a part keeps others away, and that the end may take.
ROUND, LEASE, ENDING = 20, 60, 150
#: Rounds without any progress after which a recount is given up.
TRIES = 5
#: So many a person may have waiting.
MOST = 3
NOTHING_TO_COUNT = "这个数没有可以复算的办理记录。"
TOO_MANY = "您已有 {most} 项复算没有算完，请等其中一项完成后再提。"

State = Recount.State
#: What is wrong with what is stored, and would be so again.
_WRONG = (DataError, IntegrityError, InternalError, ProgrammingError)


# Asking ------------------------------------------------------------------------------------------------------------


def asked_by_row(measure: Measure | None, period: Period, of: Slice) -> dict[str, Any]:
    """A question as the columns of a row."""
    narrowed = {
        name: value for name, value in asdict(of).items() if value and name not in ("dimension", "place")
    }
    return {
        "measure": measure.key if measure else "",
        "dimension": of.dimension,
        "place": of.place,
        "narrowed": narrowed,
        "begin": period.begin,
        "end": period.end,
    }


def last_of(measure: Measure, period: Period, of: Slice) -> Recount | None:
    """The last recount of a question, running or done."""
    rows = Recount.objects.filter(**asked_by_row(measure, period, of), version=measure.version)
    return rows.select_related("asked_by").order_by("-pk").first()


@transaction.atomic
def ask(
    measure: Measure | None, period: Period, of: Slice, *, words: str, by: User | None, now: dt.datetime
) -> tuple[Recount, bool]:
    """Have a question recounted; who asks what is asked already gets the same row. Also whether it is new.

    Raises ``Refused`` for what has no events to count, and for a person with ``MOST`` recounts under way.
    """
    if measure is not None and (measure.is_now or not measure.counters):
        raise Refused(NOTHING_TO_COUNT)
    same = asked_by_row(measure, period, of) | {"version": measure.version if measure else 0}
    if row := Recount.objects.filter(**same, finished_at=None).first():
        return row, False
    if by is not None:
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # of two tabs one asks first
        if Recount.objects.filter(asked_by=by, finished_at=None).count() >= MOST:
            raise Refused(TOO_MANY.format(most=MOST))
    usual = {"words": words[:200], "asked_by": by, "asked_at": now}
    return Recount.objects.get_or_create(**same, finished_at=None, defaults=usual)


def ahead_of(row: Recount) -> int:
    """How many are worked off before one that waits."""
    pks = list(Recount.objects.unfinished().values_list("pk", flat=True))
    return pks.index(row.pk) if row.pk in pks else 0


# The worker --------------------------------------------------------------------------------------------------------


def work() -> int:
    """Go on with what was asked for one round, one question after the other; returns how many parts were done.

    Only one works at a time; whoever is killed is missed after ``LEASE`` seconds and loses no part that was done.
    """
    parts, end = 0, time.monotonic() + ROUND
    row = _take(timezone.now())
    while row is not None:
        try:
            is_over = _go_on(row.pk)
        except _WRONG as problem:
            is_over = _give_up(row.pk, problem)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ) as problem:  # unread events
            is_over = _give_up(row.pk, problem)
        parts += 1
        if time.monotonic() >= end:
            Recount.objects.filter(pk=row.pk).update(taken_until=None)
            return parts
        if is_over:
            row = _take(timezone.now())
    return parts


@transaction.atomic
def _take(now: dt.datetime) -> Recount | None:
    """The next question, where nobody works on any; one that has got nowhere for long is given up."""
    if Recount.objects.filter(finished_at=None, taken_until__gt=now).exists():
        return None
    first = Recount.objects.unfinished().values_list("pk", flat=True).first()
    row = (
        Recount.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=first, finished_at=None)
        .first()
    )
    if row is None:
        return None
    if row.tries >= TRIES:
        _end(row, now, problem=f"{TRIES} 轮都没有进展")
        return None
    row.tries += 1
    _lease(row, now, LEASE)
    row.save()
    return row


def _lease(row: Recount, now: dt.datetime, seconds: float) -> None:
    row.taken_until = now + dt.timedelta(seconds=seconds)


def _end(row: Recount, now: dt.datetime, *, problem: str = "") -> None:
    row.state = State.FAILED if problem else State.DONE
    row.problem, row.finished_at, row.taken_until = problem[:200], now, None
    row.save()
    row.parts.all().delete()


@transaction.atomic
def _give_up(pk: int, problem: Exception) -> bool:
    log.exception("recount %s cannot be done", pk)
    row = Recount.objects.select_for_update().get(pk=pk)
    if row.finished_at is None:
        _end(row, timezone.now(), problem=f"有记录读不出：{str(problem).partition(chr(10))[0]}")
    return True


def _go_on(pk: int) -> bool:
    """Do the next part of a question, or end it; returns whether it is over."""
    with transaction.atomic():
        row = _locked(pk)
        if row is None:
            return True
        asked = _asked(row)
        if row.definitions != definitions():
            _begin(row, asked)
        part = _next(row, asked)
        _lease(row, timezone.now(), LEASE if part else ENDING + LEASE)
        if part is not None:
            part.save()
            row.done, row.tries = row.done + part.rows, 0
        row.save()
    return False if part is not None else _close(pk)


def _locked(pk: int) -> Recount | None:
    rows = Recount.objects.select_for_update(skip_locked=True, of=("self",))
    return rows.filter(pk=pk, finished_at=None).first()


def _asked(row: Recount) -> Asked:
    return question(_keys(row), [Period(row.begin, row.end)], Slice(row.dimension, row.place, **row.narrowed))


def _keys(row: Recount) -> list[str]:
    if not row.measure:
        return [key for key, one in counters().items() if one.grain.is_told]
    known = every_measure().get(row.measure)
    if known is None:
        raise LookupError(f"there is no measure {row.measure}")
    return sorted(known.counters)


def _begin(row: Recount, asked: Asked) -> None:
    row.parts.all().delete()
    row.state, row.done, row.definitions = State.RUNNING, 0, definitions()
    row.of = sum(records_within(asked, subject).count() for subject in asked.subjects)


# Parts -------------------------------------------------------------------------------------------------------------


def _next(row: Recount, asked: Asked) -> RecountPart | None:
    """The next part, counted; of each kind of records there is at least one. None where all are done."""
    for subject in asked.subjects:
        last = row.parts.filter(subject=subject).order_by("-last").values_list("last", flat=True).first()
        found = records_within(asked, subject).filter(pk__gt=last or 0).order_by("pk")
        some = list(found.values_list("pk", "version")[:STRETCH])
        if some or last is None:
            part = RecountPart(recount=row, subject=subject, last=some[-1][0] if some else 0)
            _count(part, asked, some)
            return part
    return None


def _count(part: RecountPart, asked: Asked, some: list[tuple[int, int]]) -> None:
    """Count some records, given with their versions."""
    found = Recounted()
    wanted = candidates(asked, part.subject).filter(pk__in=[pk for pk, _ in some])
    add_up(asked, part.subject, list(wanted.values_list("pk", flat=True)), found)
    part.rows, part.versions = len(some), sum(version for _, version in some)
    part.records, part.events, part.untold = found.records, found.events, sorted(found.untold)
    part.counts = found.counts.get((0, None), {})


def _stale(row: Recount, asked: Asked, subject: str) -> list[tuple[RecountPart, QuerySet]]:
    """Parts of which a record has moved, come or gone since they were counted, with the records that belong to them now."""
    parts = list(row.parts.filter(subject=subject).order_by("last"))
    firsts = [0, *(part.last + 1 for part in parts[:-1])]
    records = records_within(asked, subject)
    bounds = Constant(firsts, output_field=ArrayField(BigIntegerField()))
    number = Func("pk", bounds, function="width_bucket", output_field=IntegerField())
    sums = records.order_by().annotate(part=number).values("part").annotate(n=Count("pk"), all=Sum("version"))
    now = {one["part"]: (one["n"], one["all"]) for one in sums}
    found = []
    for place, part in enumerate(parts, 1):
        if now.get(place, (0, 0)) != (part.rows, part.versions):
            mine = records.filter(pk__gte=firsts[place - 1])
            found.append((part, mine.filter(pk__lt=firsts[place]) if place < len(parts) else mine))
    return found


def _close(pk: int) -> bool:
    """Count again what has moved, and compare with the board, all in one moment; returns whether that was done in time."""
    end = time.monotonic() + ENDING
    with one_moment():
        row = _locked(pk)
        if row is None:
            return True
        asked = _asked(row)
        for subject in asked.subjects:
            for part, records in _stale(row, asked, subject):
                if time.monotonic() >= end:  # the rest, and what moves meanwhile, in the next round
                    return False
                _count(part, asked, list(records.order_by("pk").values_list("pk", "version")))
                part.save()
        board = counts([one.key for one in asked.counters], asked.periods, asked.of).get((0, None), {})
        _compare(row, board)
        _end(row, timezone.now())
    return True


def _compare(row: Recount, board: dict[str, int]) -> None:
    parts = list(row.parts.all())
    told: Counter[str] = Counter()
    for part in parts:
        told.update(part.counts)
    untold = {key for part in parts for key in part.untold}
    lines = [
        {"counter": key, "board": board.get(key, 0), "events": None if key in untold else told[key]}
        for key in _keys(row)
    ]
    differing = [one for one in lines if one["events"] not in (None, one["board"])]
    row.agrees, row.lines = not differing, lines if row.measure else differing
    row.records, row.events = sum(part.records for part in parts), sum(part.events for part in parts)
    row.done = row.of = sum(part.rows for part in parts)
