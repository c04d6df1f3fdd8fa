"""The worker's part: one file at a time; rows are asked for in parts, each by what the person sees at that moment.

Each part is noted after it was written. A worker that is killed is known by its lease, and the file is begun anew.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils import timezone

from exports.models import Export
from exports.sources import MOST, source
from governance.actions import tell
from governance.models import User
from governance.refusals import is_disk_full
from records import pictures
from records.sheet import Part, book, said_where_cut

log = logging.getLogger(__name__)

#: Rows asked for at a time, how long a worker may be silent, and how often a file is begun.
PART, LEASE, TRIES = 1_000, dt.timedelta(seconds=90), 3
ADDRESS = "/exports/"
State = Export.State


class _NotMine(Exception):
    """The file was dropped, or another worker has taken it over."""


def work(*, now: dt.datetime) -> int:
    """Make the file that has waited longest; returns how many were made."""
    export = _next(now)
    if export is None:
        return 0
    try:
        _write(export)
    except _NotMine:
        return 0
    except OSError as problem:
        if not is_disk_full(problem):
            raise
        log.error("no room for the file %s: %s", export.uuid, problem.strerror)
        _end(export, State.FAILED, "服务器磁盘空间不足，请联系系统管理员。")
        return 0
    return 1


@transaction.atomic
def _next(now: dt.datetime) -> Export | None:
    """Take a file where nobody works on any; one that was begun too often is given up.

    One at a time in the whole site: deadlines and notices have the other processes of the worker.
    """
    rows = list(
        Export.objects.unfinished().order_by("pk").select_for_update()
    )  # of two workers one looks first
    if any(one.leased_until and one.leased_until >= now for one in rows):
        return None
    for export in rows:
        if export.tries >= TRIES:
            log.error("the file %s was begun %d times and never finished", export.uuid, TRIES)
            _end(export, State.FAILED, "多次生成没有完成，请缩小范围再试，或联系系统管理员。")
            continue
        export.state, export.tries, export.done = State.MAKING, export.tries + 1, 0
        export.leased_until = now + LEASE
        export.save(update_fields=["state", "tries", "done", "leased_until"])
        return export
    return None


def _write(export: Export) -> None:
    """Raises ``_NotMine`` as soon as that is seen; nothing is left then."""
    of, query = source(export.source), QueryDict(export.query)
    ids = of.ids(export.by, query, export.asked_at, MOST + 1)
    at = timezone.localtime(export.asked_at)
    notes = [f"{export.name}，{at:%Y-%m-%d %H:%M} 由 {export.by.name} 申请导出。"]
    if len(ids) > MOST:
        notes.append(said_where_cut(MOST, of.one))
    ids = ids[:MOST]
    _note(export, total=len(ids))

    def rows() -> Iterator[Sequence[object]]:
        for start in range(0, len(ids), PART):
            part = ids[start : start + PART]
            yield from of.cells(User.objects.get(pk=export.by_id), part)  # with the posts of this moment
            _note(export, done=start + len(part))

    file, _ = book([Part(of.label, of.columns, rows(), notes)])
    with transaction.atomic():
        _note(export, total=len(ids))  # holds the row: whoever drops it now waits, and finds the file
        export.path.with_suffix(".part").unlink(missing_ok=True)  # of a worker that was killed
        pictures.write(export.path, file.getvalue())
        _end(export, State.READY)


def _mine(export: Export) -> QuerySet[Export]:
    return Export.objects.filter(pk=export.pk, state=State.MAKING, tries=export.tries)


def _note(export: Export, **told: int) -> None:
    """Say how far it is, and that the worker lives."""
    if not _mine(export).update(leased_until=timezone.now() + LEASE, **told):
        raise _NotMine


def _end(export: Export, state: State, problem: str = "") -> None:
    """Write down how it ended, and tell who asked."""
    now = timezone.now()
    with transaction.atomic():
        rows = Export.objects.filter(pk=export.pk, tries=export.tries)
        done = F("total") if state == State.READY else F("done")
        if rows.update(state=state, done=done, ended_at=now, leased_until=None, problem=problem):
            tell(
                export.name,
                url=ADDRESS,
                audience=[{"user": export.by_id}],
                now=now,
                verb=f"导出文件{state.label}",
            )
