"""Where a check was made: how far from the case, by whose word, and why from there."""

from cases.situations import Walk
from cases.workflow import ROUGH, PositionSource
from grid.tiles import metres_between, metres_in_words
from records.refusals import Unfit


def note_position(walk: Walk) -> None:
    """Write the distance of a check on its leg, and why it was made from further off than the district's number, or without a fix.

    Whoever was drawn goes there and says why not; a desk that checks in their place is never there, and its leg is not
    marked; nor is one by a fix of a case that lies only somewhere in its grid. Nothing proves a position: a device gives it, or a pin, and which is said (``position_source``).

    Raises ``Unfit`` at ``far_reason`` where that is missing.
    """
    case, leg = walk.case, walk.leg
    position, source = walk.given.get("position"), walk.given.get("position_source") or PositionSource.PIN
    if leg is None:
        return
    metres = metres_between(tuple(position), (case.longitude, case.latitude)) if position else None
    leg.checked_metres = None if metres is None else round(metres)
    leg.position_source = walk.facts["position_source"] = source
    limit = walk.numbers.check_metres
    if source in ROUGH:
        why = f"没有收到现场定位。请说明原因，再{leg.get_step_display()}。"
    elif metres is not None and metres > limit and not case.is_place_rough:
        why = f"这里距案件 {metres_in_words(metres)}，超过 {limit} 米。请说明为什么在这里{leg.get_step_display()}。"
    else:
        return
    if walk.user is None or leg.person_id != walk.user.pk:
        return
    reason = walk.given.get("far_reason")
    if not reason:
        raise Unfit(why, field="far_reason")
    leg.is_far = walk.facts["is_far"] = True
    said = "words" if walk.given.get("words") else "reason"
    label = "没有定位的原因" if source in ROUGH else "远距离原因"
    walk.given = walk.given | {said: f"{walk.given[said]}\n{label}：{reason}"}
