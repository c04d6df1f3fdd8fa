"""A patrol that is over is kept once, and forgotten in time."""

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from governance.models import User
from governance.roles import Duty
from patrols import tracks
from patrols.models import Patrol, PatrolledGrid
from records.refusals import Forbidden, KeyReused, Unfit

#: How long a patrol stays (ours: two quarters are enough to look back); nobody can make it longer.
KEPT = dt.timedelta(days=180)
#: A shift and a half (ours): whoever forgets to press the end has not walked for days.
LONGEST = dt.timedelta(hours=16)
#: A phone without signal waits so long; what comes later is of no use to anybody.
OLDEST = dt.timedelta(days=30)
#: Clocks of phones differ.
AHEAD = dt.timedelta(minutes=10)
#: Walking through a corner is no patrol of a grid (ours).
SECONDS_IN_GRID = 60
#: More than a person can report in a shift.
MOST_FINDINGS = 200


@dataclass(frozen=True)
class Told:
    """What the phone says of a patrol: its times, points (``tracks.Point``) and the keys of what was reported."""

    begun_at: dt.datetime
    ended_at: dt.datetime
    points: list[tracks.Point]
    findings: list[uuid.UUID]

    @property
    def digest(self) -> str:
        """Of the content, so that the same key with other content is seen."""
        content = [
            self.begun_at.isoformat(),
            self.ended_at.isoformat(),
            self.points,
            sorted(map(str, self.findings)),
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def may_patrol(user: User) -> bool:
    """Whoever checks outdoors: grid workers, inspectors, supervisors."""
    return user.authority.has(Duty.VERIFY)


def keep_patrol(*, by: User, now: dt.datetime, key: uuid.UUID, told: Told) -> tuple[Patrol, bool]:
    """The patrol, and whether it was new; the same sent again is done once.

    Raises ``Forbidden`` for who walks no patrols, ``Unfit`` for times that cannot be, ``KeyReused`` for a key that is taken.
    """
    if not may_patrol(by):
        raise Forbidden("您的岗位没有巡查。")
    _refuse_times(told, now)
    points = tracks.good(told.points)
    row = {
        "by": by,
        "begun_at": told.begun_at,
        "ended_at": told.ended_at,
        "received_at": now,
        "metres": tracks.length(points),
        "points": points,
        "findings": told.findings,
        "digest": told.digest,
    }
    with transaction.atomic():
        patrol, is_new = Patrol.objects.get_or_create(uuid=key, defaults=row)
        if not is_new and (patrol.by_id != by.pk or patrol.digest != told.digest):
            raise KeyReused("这个标识已经用过，内容不同，没有保存。")
        if is_new:
            _keep_grids(patrol, points)
    return patrol, is_new


def _refuse_times(told: Told, now: dt.datetime) -> None:
    if told.ended_at < told.begun_at:
        raise Unfit("结束早于开始，没有保存。", field="ended_at")
    if told.ended_at - told.begun_at > LONGEST:
        raise Unfit(f"一次巡查最长 {LONGEST // dt.timedelta(hours=1)} 小时，没有保存。", field="ended_at")
    if told.ended_at > now + AHEAD:
        raise Unfit("结束时间在以后，请核对手机的时间。", field="ended_at")
    if told.begun_at < now - OLDEST:
        raise Unfit(f"超过 {OLDEST.days} 天的巡查不再保存。", field="begun_at")
    if len(told.findings) > MOST_FINDINGS:
        raise Unfit(f"一次巡查最多 {MOST_FINDINGS} 件发现。", field="findings")


# All points at once: the box comes first because it is what the index of rings knows.
_GRIDS = """
SELECT ring.grid_id
FROM unnest(%s::float8[], %s::float8[], %s::int[]) AS told(longitude, latitude, seconds)
JOIN grid_gridring ring
  ON box(ring.ring) @> box(point(longitude, latitude), point(longitude, latitude))
  AND ring.ring @> point(longitude, latitude)
JOIN grid_grid grid ON grid.id = ring.grid_id
WHERE grid.active_from <= %s AND (grid.active_until IS NULL OR grid.active_until > %s)
GROUP BY ring.grid_id
HAVING max(seconds) - min(seconds) >= %s
ORDER BY ring.grid_id
"""


def _keep_grids(patrol: Patrol, points: list[tracks.Point]) -> None:
    if not points:
        return
    day = timezone.localdate(patrol.begun_at)
    seconds, longitudes, latitudes, _ = map(list, zip(*points, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_GRIDS, [longitudes, latitudes, seconds, day, day, SECONDS_IN_GRID])
        grids = [grid for (grid,) in cursor.fetchall()]
    PatrolledGrid.objects.bulk_create(PatrolledGrid(patrol=patrol, grid_id=grid, day=day) for grid in grids)


def forget_patrol(patrol: Patrol, *, by: User) -> None:
    """Remove one's own patrol before its time; what was found on it stays reported."""
    Patrol.objects.visible_to(by).filter(pk=patrol.pk).delete()


def forget_old(*, now: dt.datetime) -> int:
    """Remove what is older than it may be kept; returns how many patrols."""
    return Patrol.objects.filter(begun_at__lt=now - KEPT).delete()[1].get("patrols.Patrol", 0)
