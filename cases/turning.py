"""Where a case goes when it is turned up or down a loop: whose centre, by which row of the list, until when."""

import datetime as dt
from dataclasses import dataclass

from cases import deadlines
from cases.clocks import due
from cases.deadlines import Limit
from cases.loops import territory
from cases.models import Responsibility
from cases.routing import limit_without_a_row, reason_in
from cases.rules import RULES, row_for
from cases.situations import Situation
from cases.workflow import UNREGISTERED, Loop, Move, Step
from governance.models import Organization

TURNS = ("escalate", "delegate")


@dataclass(frozen=True)
class Turn:
    """The next loop of a case: ``row`` is its row of the list there, the one before where it has none."""

    loop: Loop
    centre: Organization
    row: Responsibility | None
    reason: str
    step: Step
    limit: Limit


def where_to(situation: Situation, name: str, *, label: str) -> Turn:
    """What ``escalate`` or ``delegate`` leads to; the rules have been asked before."""
    case = situation.case
    loop = Loop(case.loop).above if name == "escalate" else Loop(case.loop).below
    centre = territory(case, loop)
    assert loop is not None and centre is not None
    listed = row_for(case, loop).select_related("category").first()
    row = listed or case.responsibility
    step = Step.REGISTERING if case.state in UNREGISTERED else Step.DISPATCHING
    limit = row.limit(step) if row else limit_without_a_row(loop)
    return Turn(loop, centre, row, reason_in(loop, listed, case.responsibility, turned=label), step, limit)


def due_of(turn: Turn, situation: Situation) -> dt.datetime:
    """When the step that begins there would be due."""
    return deadlines.start(situation.now, turn.limit, situation.calendar).due_at


def in_words(situation: Situation, move: Move) -> str:
    """Who would receive the case and until when, for the form; nothing where a rule is in the way."""
    if RULES.why_not(move, situation):
        return ""
    turn = where_to(situation, move.name, label=move.label)
    until = due(due_of(turn, situation))
    return f"由{turn.centre.centre_name}接办，{turn.step.label}时限 {turn.limit}，如现在办理，{until}到期。{turn.reason}。"
