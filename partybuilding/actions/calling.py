"""Effects of moves that blow a whistle and of what a called unit answers."""

import datetime as dt
from collections.abc import Iterable

from cases.deadlines import Limit
from cases.workflow import Lateness
from governance.models import Organization
from grid.tiles import metres_between
from partybuilding.actions.door import EFFECTS
from partybuilding.actions.notices import side, unit
from partybuilding.clocks import Moments, moments, moments_until
from partybuilding.models import Arrival, Call, CallClock, DecisionClock
from partybuilding.nominating import nominees
from partybuilding.situations import Walk
from partybuilding.workflow import STOPS, CallState, ClockStep, State
from records.refusals import Unfit

_STAMPS = {"sign": "signed_at", "contact": "contacted_at", "arrive": "arrived_at", "finish": "finished_at"}


# Calls and their clocks -------------------------------------------------------------------------------------------


def call_unit(
    walk: Walk,
    organization: Organization,
    *,
    why: str,
    is_lead: bool = False,
    instead_of: Call | None = None,
) -> Call:
    """Call a unit and start its four clocks; in place of another, the clocks of the matter go on as they are."""
    whistle = walk.whistle
    call = Call(
        whistle=whistle,
        unit=organization,
        is_lead=is_lead,
        why=why[:120],
        called_at=walk.now,
        replaces=instead_of,
    )
    going_on = (
        {clock.step: clock.red_at for clock in instead_of.clocks.all() if clock.step in MATTERS}
        if instead_of
        else {}
    )
    clocks = [_clock(walk, call, step, going_on.get(step)) for step in ClockStep]
    walk.rows += [call, *clocks]
    due = walk.facts.setdefault("due", {})
    due[str(organization.pk)] = {clock.step: clock.red_at for clock in clocks}
    if organization.pk not in whistle.units:
        whistle.units.append(organization.pk)
    walk.tell_also.append(unit(organization.pk, "请您签收哨令"))
    return call


#: Clocks that belong to the matter and not to the unit.
MATTERS = (ClockStep.ARRIVE, ClockStep.SETTLE)


def _clock(walk: Walk, call: Call, step: ClockStep, due_at: dt.datetime | None) -> CallClock:
    limit = Limit.parse(walk.whistle.rule["limits"][step])
    if due_at is None:
        found: Moments = moments(limit, walk.now, walk.calendar)
    else:
        found = moments_until(due_at, limit, walk.now, walk.calendar)
    return CallClock(
        call=call,
        step=step,
        limit=str(limit),
        opened_at=walk.now,
        yellow_at=found.yellow,
        red_at=found.red,
        head_at=found.head,
        leader_at=found.leader,
        order_at=found.order,
        next_at=found.yellow,
    )


def _decision(walk: Walk, limit: Limit) -> DecisionClock:
    """The clock of a decision: one grace after red its superior is told."""
    found = moments(limit, walk.now, walk.calendar)
    return DecisionClock(
        whistle=walk.whistle,
        limit=str(limit),
        opened_at=walk.now,
        yellow_at=found.yellow,
        red_at=found.red,
        leader_at=found.head,
        next_at=found.yellow,
    )


def stop_clocks(call: Call, steps: Iterable[ClockStep], outcome: CallClock.Outcome, now: dt.datetime) -> None:
    """Stop what still runs of some clocks; one that is past its deadline stays red, marked or not yet."""
    running = call.clocks.running().filter(step__in=list(steps))
    running.filter(red_at__lt=now).update(lateness=Lateness.RED)
    running.update(stopped_at=now, outcome=outcome, next_at=None)


def end_calls(walk: Walk) -> None:
    """Release everybody: the whistle is over."""
    for call in walk.calls:
        if call.is_open:
            stop_clocks(call, ClockStep, CallClock.Outcome.RELEASED, walk.now)
            call.state = CallState.RELEASED
        if call.released_at is None and call.state != CallState.REFUSED:
            call.released_at = walk.now
            call.save(update_fields=["state", "released_at"])


# Blowing ----------------------------------------------------------------------------------------------------------


def _call_all(walk: Walk) -> None:
    """Call the lead and the helpers, each once; those that are proposed with the reason."""
    lead = walk.given["lead"]
    helpers = {one.pk: one for one in walk.given.get("helpers") or [] if one.pk != lead.pk}
    why = {one.unit.pk: one.why for one in nominees(walk.case, walk.today)}
    call_unit(walk, lead, why=why.get(lead.pk, ""), is_lead=True)
    for helper in helpers.values():
        call_unit(walk, helper, why=why.get(helper.pk, ""))
    walk.facts |= {"lead": lead.pk, "helpers": list(helpers)}


def _begin(walk: Walk) -> None:
    """What any new whistle takes from the case and from the rule in force, which is frozen here."""
    whistle, case, given = walk.whistle, walk.case, walk.given
    assert walk.rule is not None
    whistle.label, whistle.rule = walk.rule.label, walk.rule.snapshot
    whistle.source, whistle.source_note = given["source"], given.get("source_note", "")
    whistle.demands = list(given["demands"])
    whistle.category_id, whistle.address = case.category_id, case.address
    whistle.longitude, whistle.latitude = case.longitude, case.latitude
    whistle.district_id, whistle.street_id = case.district_id, case.street_id
    whistle.community_id = case.community_id
    walk.facts |= {
        "kind": whistle.kind,
        "source": given["source"],
        "demands": whistle.demands,
        "case": case.pk,
    }


@EFFECTS.of("ask")
def ask(walk: Walk) -> State:
    _begin(walk)
    whistle = walk.whistle
    assert walk.case.street_id is not None  # the rule looked
    whistle.side_id, whistle.asked_by, whistle.asked_at = walk.case.street_id, walk.user, walk.now
    if whistle.rule["decide_limit"]:
        clock = _decision(walk, Limit.parse(whistle.rule["decide_limit"]))
        walk.rows.append(clock)
        walk.facts["decide_by"] = clock.red_at
    walk.tell_also.append(side(whistle, "请您决定是否吹哨"))
    return State.ASKED


@EFFECTS.of("blow")
def blow(walk: Walk) -> State:
    _begin(walk)
    post = walk.blowing_post()
    assert post is not None
    whistle = walk.whistle
    whistle.side_id, whistle.blown_by, whistle.blown_at = post.organization_id, walk.user, walk.now
    _call_all(walk)
    return State.BLOWN


@EFFECTS.of("blow_asked")
def blow_asked(walk: Walk) -> State:
    whistle = walk.whistle
    assert walk.rule is not None
    whistle.rule = walk.rule.snapshot  # what holds on the day on which it is blown
    whistle.blown_by, whistle.blown_at = walk.user, walk.now
    _call_all(walk)
    walk.tell_also.append({"user": whistle.asked_by_id})
    return State.BLOWN


@EFFECTS.of("decline")
def decline(walk: Walk) -> State:
    walk.tell_also.append({"user": walk.whistle.asked_by_id})
    return State.DECLINED


@EFFECTS.of("call")
def call(walk: Walk) -> None:
    call_unit(
        walk, walk.given["unit"], why="增加召集"
    )  # the reason stands with the move, where it can be erased
    walk.facts["unit"] = walk.given["unit"].pk


# What a unit answers ----------------------------------------------------------------------------------------------


def _stamp(walk: Walk) -> None:
    """Write when this was done, and stop the clocks that it ends."""
    one = walk.call
    setattr(one, _STAMPS[walk.move.name], getattr(one, _STAMPS[walk.move.name]) or walk.now)
    stop_clocks(one, STOPS[walk.move.name], CallClock.Outcome.DONE, walk.now)


@EFFECTS.of("sign")
def sign(walk: Walk) -> None:
    _stamp(walk)


@EFFECTS.of("contact")
def contact(walk: Walk) -> None:
    """Whoever says so, where the kind allows it, helps without coming."""
    one = walk.call
    one.signed_at = one.signed_at or walk.now
    _stamp(walk)
    if walk.given.get("stays_away"):
        one.stays_away = walk.facts["stays_away"] = True
        stop_clocks(one, [ClockStep.ARRIVE], CallClock.Outcome.DONE, walk.now)


@EFFECTS.of("arrive")
def arrive(walk: Walk) -> None:
    """On the spot, proved by the code of the screen or by position; others of the unit may follow.

    How far a phone says it is from the spot is written down beside a code as well, and refuses nothing there.
    """
    one, whistle, position = walk.call, walk.whistle, walk.given.get("position")
    spot = (whistle.longitude, whistle.latitude)
    proof, distance = Arrival.Proof.CODE, round(metres_between(position, spot)) if position else None
    if not walk.given.get("pass"):
        if distance is None:
            raise Unfit("请扫描现场屏幕上的二维码，或打开定位后报到。", field="position")
        if distance > whistle.rule["distance"]:
            raise Unfit(
                f"您距现场约 {distance:,} 米，须在 {whistle.rule['distance']} 米以内；或请扫描现场二维码。",
                field="position",
            )
        proof = Arrival.Proof.POSITION
    one.signed_at = one.signed_at or walk.now
    one.contacted_at = one.contacted_at or walk.now
    _stamp(walk)
    there = Arrival(
        call=one,
        person=walk.user,
        proof=proof,
        distance=distance,
        came_at=walk.now,
        claimed_at=walk.given.get("claimed_at"),
    )
    walk.rows.append(there)
    walk.facts |= {"proof": proof, "distance": distance}
    if whistle.state == State.BLOWN:
        whistle.state = State.ON_SITE
        walk.facts["whistle"] = State.ON_SITE


@EFFECTS.of("leave")
def leave(walk: Walk) -> None:
    """Before the release it is written down: 事不完、人不走."""
    there = walk.presence
    assert there is not None
    there.left_at = walk.now
    there.left_early = walk.facts["early"] = walk.call.released_at is None
    there.save(update_fields=["left_at", "left_early"])


@EFFECTS.of("finish")
def finish(walk: Walk) -> None:
    _stamp(walk)


@EFFECTS.of("refuse")
def refuse(walk: Walk) -> None:
    """The unit that is named is called in its place; the clocks of the matter go on."""
    one, right = walk.call, walk.given["right_unit"]
    one.ended_at, one.refusal, one.right_unit = walk.now, walk.given["refusal"], right
    walk.facts |= {"refusal": one.refusal, "right_unit": right.pk}
    there = next((call for call in walk.calls if call.unit_id == right.pk and call.is_open), None)
    if there is None:
        new = call_unit(
            walk, right, why=f"{one.unit.name}回退，指认接替", is_lead=one.is_lead, instead_of=one
        )
        walk.facts["called"] = new.unit_id
    elif one.is_lead:
        Call.objects.filter(pk=one.pk).update(is_lead=False)  # first: one unit leads at a time
        one.is_lead, there.is_lead = False, True
        there.save(update_fields=["is_lead"])
    stop_clocks(one, ClockStep, CallClock.Outcome.REFUSED, walk.now)


@EFFECTS.of("release")
def release(walk: Walk) -> None:
    """No longer needed: whoever has not finished need not."""
    dismiss(walk)
    stop_clocks(walk.call, ClockStep, CallClock.Outcome.RELEASED, walk.now)


@EFFECTS.of("dismiss")
def dismiss(walk: Walk) -> None:
    """Whoever has finished may leave the spot."""
    walk.call.released_at = walk.now
    walk.tell_also.append(unit(walk.call.unit_id))


@EFFECTS.of("answer_order")
def answer_order(walk: Walk) -> None:
    walk.call.order_answered_at = walk.now
