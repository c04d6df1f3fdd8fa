"""Effects of scores: the street marks each unit, each unit the whistle."""

from partybuilding.actions.door import EFFECTS
from partybuilding.models import Score
from partybuilding.situations import Walk
from partybuilding.workflow import MARK_NAMES, Side, State


def _score(walk: Walk, side: Side) -> State:
    call = walk.given["call"]
    first, second, third = (walk.given[name] for name in MARK_NAMES[side])
    score = Score(call=call, side=side, first=first, second=second, third=third, by=walk.user, at=walk.now)
    walk.rows.append(score)
    walk.facts |= {"call": call.pk, "marks": [first, second, third]}
    waiting = {(one.pk, whose) for whose, calls in walk.to_score.items() for one in calls}
    return State.CLOSED if waiting - {(call.pk, side)} else State.SCORED


@EFFECTS.of("score_unit")
def score_unit(walk: Walk) -> State:
    return _score(walk, Side.STREET)


@EFFECTS.of("score_whistle")
def score_whistle(walk: Walk) -> State:
    return _score(walk, Side.UNIT)
