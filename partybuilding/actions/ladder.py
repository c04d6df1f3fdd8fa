"""What time does to calls: each rung of each clock once, through the door; a post that nobody holds is skipped at once."""

import datetime as dt
import logging

from django.db import transaction

from cases.workflow import Lateness
from governance.models import SYSTEM, Organization, Post
from governance.roles import Duty
from partybuilding.actions.door import DOOR, EFFECTS
from partybuilding.models import CallClock
from partybuilding.situations import Walk
from partybuilding.workflow import ClockStep, Rung
from records.chain import own_key
from records.refusals import Stale

log = logging.getLogger(__name__)

#: Whom a rung tells: the duty, and whether it is held at the unit or at the territory above it.
_WHOM = {
    Rung.YELLOW: (Duty.ANSWER, "unit"),
    Rung.RED: (Duty.ANSWER, "unit"),
    Rung.HEAD: (Duty.HEAD, "unit"),
    Rung.LEADER: (Duty.LEAD, "above"),
    Rung.ORDER: (Duty.HEAD, "unit"),
}
_ASKS = {
    Rung.YELLOW: "临期，请您{step}",
    Rung.RED: "已超期，请您{step}",
    Rung.HEAD: "本单位超期未{step}，请您督促",
    Rung.LEADER: "分管单位超期未{step}，请您过问",
    Rung.ORDER: "督办：请您限时{step}并答复",
}


@EFFECTS.of("press")
def press(walk: Walk) -> None:
    """Go up one rung; where nobody holds the post, say so and let the next rung be due now."""
    clock = CallClock.objects.select_for_update().get(pk=walk.given["clock"], call=walk.call)
    rung = clock.after
    if clock.stopped_at or rung != walk.given["rung"] or clock.next_at is None or clock.next_at > walk.now:
        raise Stale("这一级催办此时不到。")
    assert rung is not None
    organization_id, duty = whom(walk.call.unit, rung)
    is_vacant = not is_held(duty, organization_id, on=walk.today)
    clock.rung = rung
    if rung == Rung.YELLOW:
        clock.lateness = Lateness.YELLOW
    elif clock.red_at <= walk.now:
        clock.lateness = Lateness.RED
    following = clock.after
    clock.next_at = (
        None if following is None else max(clock.red_at, walk.now) if is_vacant else clock.at(following)
    )
    clock.save(update_fields=["rung", "lateness", "next_at"])
    if rung == Rung.ORDER:
        walk.call.ordered_at = walk.call.ordered_at or walk.now
    walk.facts |= {"clock": clock.step, "rung": rung, "vacant": is_vacant, "at": organization_id}
    if not is_vacant:
        asks = _ASKS[rung].format(step=ClockStep(clock.step).label)
        walk.tell_also.append({"organization": organization_id, "duty": duty, "asks": asks})


def whom(unit: Organization, rung: Rung) -> tuple[int, Duty]:
    """Whom a rung tells: organization and duty."""
    duty, where = _WHOM[rung]
    organization_id = unit.pk if where == "unit" else unit.parent_id
    assert organization_id is not None
    return organization_id, duty


def is_held(duty: Duty, organization_id: int, *, on: dt.date) -> bool:
    """Whether somebody who can sign in holds a duty there."""
    return Post.objects.on_duty(on).with_duty(duty).filter(organization=organization_id).exists()


def sweep(*, now: dt.datetime, most: int = 1000) -> int:
    """Go up every ladder as far as it is due, each rung by a move of its own; returns how many rungs."""
    done = 0
    for clock in CallClock.objects.due(now).select_related("call__whistle")[:most]:
        try:
            done += go_up(clock, now=now)
        except Exception:  # logged; the watchdog finds the rung that did not run
            log.exception("ladder of clock %s failed", clock.pk)
    return done


def go_up(clock: CallClock, *, now: dt.datetime) -> int:
    """All rungs of one clock that are due."""
    done = 0
    while clock.stopped_at is None and clock.next_at is not None and clock.next_at <= now:
        rung = clock.after
        key = own_key(f"ladder:{clock.pk}:{rung}")
        try:
            with transaction.atomic():
                DOOR.perform(
                    clock.call.whistle.uuid,
                    "press",
                    by=SYSTEM,
                    now=now,
                    key=key,
                    part=clock.call_id,
                    given={"clock": clock.pk, "rung": rung},
                )
        except Stale as refusal:
            log.info("clock %s left alone: %s", clock.pk, refusal)
            return done
        done += 1
        clock.refresh_from_db(fields=["rung", "next_at", "stopped_at"])
    return done
