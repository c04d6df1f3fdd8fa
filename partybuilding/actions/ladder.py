"""What time does to calls and to decisions: each rung of each clock once, through the door; a post that nobody holds is skipped at once.

A post is told what it can still prevent or must now see to. The last rung skips nobody: where the unit has no head, who
answers for it, or leads above it, gets the order (``governance/audience.py``).
"""

import datetime as dt

from cases.workflow import Lateness
from governance.audience import nearest
from governance.models import SYSTEM, Organization, Post
from governance.roles import Duty
from partybuilding.actions import ending
from partybuilding.actions.door import DOOR, EFFECTS
from partybuilding.actions.trying import tried
from partybuilding.models import CallClock, Clock, DecisionClock
from partybuilding.situations import Walk
from partybuilding.workflow import ClockStep, Rung
from records.chain import own_key
from records.door import Answer
from records.refusals import Stale

#: Whom a rung tells.
WHOM = {
    Rung.YELLOW: Duty.ANSWER,
    Rung.RED: Duty.ANSWER,
    Rung.HEAD: Duty.HEAD,
    Rung.LEADER: Duty.LEAD,
    Rung.ORDER: Duty.HEAD,
}
_ASKS = {
    Rung.YELLOW: "临期，请您{step}",
    Rung.RED: "已超期，请您{step}",
    Rung.HEAD: "本单位超期未{step}，请您督促",
    Rung.LEADER: "分管单位超期未{step}，请您过问",
    Rung.ORDER: "督办：请您限时{step}并答复",
}


#: What a rung asks for where a decision is late: of the side that was asked, at the end of its superior.
_ASKS_TO_DECIDE = {
    Rung.YELLOW: "临期，请您决定是否吹哨",
    Rung.RED: "已超期，请您决定是否吹哨",
    Rung.LEADER: "街道超期未决定是否吹哨，请您过问",
}


@EFFECTS.of("press")
def press(walk: Walk) -> None:
    """Go up one rung of a call's clock; an order that finds no head says to whom it went."""
    clock = CallClock.objects.select_for_update().get(pk=walk.given["clock"], call=walk.call)
    rung = _due_rung(clock, walk)
    place = where_held(WHOM[rung], walk.call.unit, on=walk.today)
    walk.facts |= {"clock": clock.step, "at": place}
    if rung == Rung.ORDER:
        # Each of the four clocks may end in an order; the newest is the one to be answered.
        walk.call.ordered_at, walk.call.order_answered_at = walk.now, None
        if place is None and (instead := nearest(WHOM[rung], walk.call.unit_id, on=walk.today)):
            walk.facts |= {"at": instead.place, "to": instead.duty}
    asks = _ASKS[rung].format(step=ClockStep(clock.step).label)
    _go_up_one(walk, clock, rung, WHOM[rung], place, walk.call.unit_id, asks)


@EFFECTS.of("hurry")
def hurry(walk: Walk) -> None:
    """Go up one rung of the clock of a decision."""
    whistle = walk.whistle
    clock = DecisionClock.objects.select_for_update().get(pk=walk.given["clock"], whistle=whistle)
    rung = _due_rung(clock, walk)
    asked = whistle.district_id if rung == Rung.LEADER else whistle.side_id
    is_held = Post.objects.on_duty(walk.today).with_duty(Duty.BLOW).filter(organization=asked).exists()
    walk.facts["at"] = asked if is_held else None
    _go_up_one(walk, clock, rung, Duty.BLOW, walk.facts["at"], asked, _ASKS_TO_DECIDE[rung])


def _due_rung(clock: Clock, walk: Walk) -> Rung:
    """The rung that is to be gone up now; raises ``Stale`` where it is not due, or not the one that was meant."""
    rung = clock.after
    if clock.stopped_at or rung != walk.given["rung"] or clock.next_at is None or clock.next_at > walk.now:
        raise Stale("这一级催办此时不到。")
    assert rung is not None
    return rung


def _go_up_one(
    walk: Walk, clock: Clock, rung: Rung, duty: Duty, place: int | None, usual: int, asks: str
) -> None:
    """Write a rung down and tell who holds a duty at a place; of the last one, where nobody does, who stands in there.

    Where nobody holds the post (no ``place``), say so and let the next rung be due now, but not before red.
    """
    is_passed_over = place is None and rung != clock.RUNGS[-1]
    clock.rung = rung
    clock.lateness = Lateness.RED if clock.red_at <= walk.now else Lateness.YELLOW
    following = clock.after
    if following is None:
        clock.next_at = None
    else:
        clock.next_at = max(clock.red_at, walk.now) if is_passed_over else clock.at(following)
    clock.save(update_fields=["rung", "lateness", "next_at"])
    walk.facts |= {"rung": rung, "vacant": place is None}
    is_too_late = rung == Rung.YELLOW and clock.lateness == Lateness.RED  # red follows at once
    if not is_passed_over and not is_too_late:
        walk.tell_also.append({"organization": place or usual, "duty": duty, "asks": asks})


def where_held(duty: Duty, unit: Organization, *, on: dt.date) -> int | None:
    """Where somebody who can sign in holds a duty for a unit: at the unit, leaders at the nearest territory above it."""
    posts = Post.objects.on_duty(on).with_duty(duty)
    if duty == Duty.LEAD:
        above = [code for code in unit.path.split("/") if code and code != unit.code]
        posts = posts.filter(organization__code__in=above).order_by("-organization__level", "pk")
    else:
        posts = posts.filter(organization=unit.pk).order_by("pk")
    return posts.values_list("organization", flat=True).first()


def sweep(*, now: dt.datetime, most: int = 1000) -> int:
    """End what was left over of ended cases, then go up every ladder as far as it is due; returns the number of moves."""
    done = sum(tried(ending.follow_case, whistle, now) for whistle in ending.left_over(now)[:most])
    of_calls = CallClock.objects.due(now).select_related("call__whistle")[:most]
    decisions = DecisionClock.objects.due(now).select_related("whistle")[:most]
    return done + sum(tried(go_up, clock, now) for clock in (*decisions, *of_calls))


def go_up(clock: CallClock | DecisionClock, *, now: dt.datetime) -> int:
    """All rungs of one clock that are due, each by a move of its own; returns how many."""
    done = 0
    while clock.stopped_at is None and clock.next_at is not None and clock.next_at <= now:
        if _go_up(clock, now).is_repeat:  # another sweep was here: looking again at once would find the same
            break
        done += 1
        clock.refresh_from_db(fields=["rung", "next_at", "stopped_at", "red_at"])
    return done


def _go_up(clock: CallClock | DecisionClock, now: dt.datetime) -> Answer:
    """Make the move of the next rung."""
    given = {"clock": clock.pk, "rung": clock.after}
    if isinstance(clock, DecisionClock):
        key = own_key(f"decision:{clock.pk}:{clock.after}")
        return DOOR.perform(clock.whistle.uuid, "hurry", by=SYSTEM, now=now, key=key, given=given)
    key, whistle = own_key(f"ladder:{clock.pk}:{clock.after}"), clock.call.whistle
    return DOOR.perform(whistle.uuid, "press", by=SYSTEM, now=now, key=key, given=given, part=clock.call_id)
