"""The proof that ladders work: each rung that was due ran once, counted from frozen moments and the chained events alone.

It does not ask what the sweep asks (``CallClock.next_at``, ``rung``): a sweep that is wrong about itself is found.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import connection
from django.db.models import TextChoices

from governance.health import SWEPT
from partybuilding.actions.trying import RETRY
from partybuilding.workflow import RUNNING, Rung, State

log = logging.getLogger(__name__)

#: Clocks that stopped longer ago are not looked at: what was missed then cannot be made good.
LOOKED_BACK = dt.timedelta(days=1)
#: A rung may be as late as the sweep may be, or a try of it that failed.
PATIENCE = RETRY + dt.timedelta(seconds=SWEPT)

#: What a rung of the clock of a decision is a rung of.
DECIDE = "decide"

_RUNGS = ", ".join(f"('{rung}', {rung}_at)" for rung in Rung)
_SQL = f"""
    WITH watched AS (
        SELECT c.whistle_id, k.call_id, k.step, k.opened_at, k.stopped_at, w.state = ANY(%(running)s) AS lives,
               k.yellow_at, k.red_at, k.head_at, k.leader_at, k.order_at
        FROM partybuilding_callclock k
        JOIN partybuilding_call c ON c.id = k.call_id JOIN partybuilding_whistle w ON w.id = c.whistle_id
        WHERE k.stopped_at IS NULL OR k.stopped_at > %(since)s
        UNION ALL
        SELECT k.whistle_id, NULL, '{DECIDE}', k.opened_at, k.stopped_at, w.state = '{State.ASKED}',
               k.yellow_at, k.red_at, NULL, k.leader_at, NULL
        FROM partybuilding_decisionclock k JOIN partybuilding_whistle w ON w.id = k.whistle_id
        WHERE k.stopped_at IS NULL OR k.stopped_at > %(since)s
    ), ran AS (
        SELECT whistle_id, call_id, coalesce(data::jsonb ->> 'clock', '{DECIDE}') AS step, data::jsonb ->> 'rung' AS rung,
               count(*) AS times, max(at) AS last
        FROM partybuilding_whistleevent
        WHERE move IN ('press', 'hurry') AND whistle_id IN (SELECT whistle_id FROM watched) GROUP BY 1, 2, 3, 4
    )
    SELECT w.whistle_id, w.call_id, w.step, due.rung, CASE
        WHEN ran.times > 1 THEN 'twice'
        WHEN ran.last > w.stopped_at THEN 'after_end'
        WHEN w.stopped_at IS NULL AND NOT w.lives THEN 'left_running'
        WHEN ran.times IS NULL AND greatest(due.at, w.opened_at) <= least(w.stopped_at, %(now)s) - make_interval(secs => %(patience)s) THEN 'missed' END AS problem
    FROM watched w CROSS JOIN LATERAL (VALUES {_RUNGS}) AS due (rung, at)
    LEFT JOIN ran ON ran.whistle_id = w.whistle_id AND ran.call_id IS NOT DISTINCT FROM w.call_id AND ran.step = w.step AND ran.rung = due.rung
    WHERE due.at IS NOT NULL
"""


class Problem(TextChoices):
    """What can be wrong with a rung."""

    MISSED = "missed", "到时没有催办"
    TWICE = "twice", "重复催办"
    AFTER_END = "after_end", "停止计时后仍催办"
    LEFT_RUNNING = "left_running", "哨单已结束而仍在计时"


@dataclass(frozen=True)
class Wrong:
    """A rung of a clock that did not run once, or ran when it should not; ``step`` is one of a call, or ``DECIDE``."""

    whistle: int
    call: int | None
    step: str
    rung: Rung
    problem: Problem

    def __str__(self) -> str:
        of = f", call {self.call}" if self.call else ""
        return f"whistle {self.whistle}{of}: {self.step} {self.rung.value} {self.problem.value}"


def wrong(*, now: dt.datetime, patience: dt.timedelta = dt.timedelta()) -> list[Wrong]:
    """Every rung that is not as it should be; ``patience`` is how late the sweep may be."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({_SQL}) found WHERE problem IS NOT NULL ORDER BY 1, 2, 3, 4",
            {
                "since": now - LOOKED_BACK,
                "now": now,
                "patience": patience.total_seconds(),
                "running": [*RUNNING],
            },
        )
        rows = cursor.fetchall()
    return [
        Wrong(whistle, call, step, Rung(rung), Problem(problem))
        for whistle, call, step, rung, problem in rows
    ]


def write_down(*, now: dt.datetime) -> int:
    """Say in the log what the status page says to whoever looks; returns how much is wrong."""
    problems = wrong(now=now, patience=PATIENCE)
    for one in problems:
        log.error("ladder of whistles: %s", one)
    return len(problems)
