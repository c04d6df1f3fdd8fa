"""What a move leads to, in words for its form: who gets the case, and until when. Nothing is written.

The words are those of the effects (``cases/actions/effects.py``); a test makes every move and compares.
"""

from decimal import Decimal

from cases import deadlines, turning
from cases.actions.legs import limit_of, marks_of
from cases.clocks import due
from cases.deadlines import Limit
from cases.loops import territory
from cases.models import Case
from cases.rule_numbers import REFUSALS_BEFORE_DISPUTE
from cases.rules import RULES
from cases.situations import Situation
from cases.workflow import Clock, Loop, Move, Step
from governance.models import Organization

#: The step that begins with a move, and its limit where that is another one of the list.
BEGINS: dict[str, tuple[Step, str]] = {
    "register": (Step.DISPATCHING, ""),
    "return": (Step.REGISTERING, ""),
    "dispatch": (Step.HANDLING, ""),
    "adjudicate": (Step.HANDLING, ""),
    "refuse": (Step.DISPATCHING, ""),
    "feedback": (Step.VERIFYING, ""),
    "pass": (Step.CLOSING, ""),
    "fail": (Step.HANDLING, "rework"),
    "refuse_closing": (Step.VERIFYING, ""),
}
ENDS = "案件终止，不能恢复；上报人会收到通知。"


def in_words(situation: Situation, move: Move, *, unit: Organization | None = None) -> str:
    """将交：尚义社区；新时限：今天 10:00（4 工作时）. Nothing where a rule is in the way, or where nothing else begins.

    ``unit`` is the one that is proposed, where one is chosen.
    """
    if move.name in turning.TURNS:
        return turning.in_words(situation, move)
    if RULES.why_not(move, situation):
        return ""
    if move.ends_badly:
        return ENDS
    if move.name in ("ask_extension", "ask_suspension"):
        return _if_granted(situation, move)
    if move.name not in BEGINS or move.clock != Clock.OPENS:
        return ""
    step, listed_as = BEGINS[move.name]
    limit = limit_of(situation, listed_as or step)
    until = deadlines.start(situation.now, limit, situation.calendar).due_at
    return f"将交：{_hands(situation.case, move, unit)}；新时限：{due(until)}（{limit}）。"


def _if_granted(situation: Situation, move: Move) -> str:
    """What is asked for, in the unit of the open clock, and when it would then be due; the clock runs on until granted."""
    leg = situation.leg
    assert leg is not None
    if move.name == "ask_suspension":
        rest = deadlines.remainder(leg.due_at, leg.limit, situation.now, situation.calendar)
        return f"批准前时限照走；如现在批准，时限停在还剩 {rest}，到所选日期自动恢复。"
    one = Limit(Decimal(1), leg.limit.unit)
    return (
        f"现在的截止时间 {due(leg.due_at)}；每延长 {one}，如到 {extended(situation, one)}。"
        f"最多延长 {leg.limit}，批准前时限照走。"
    )


def extended(situation: Situation, amount: Limit) -> str:
    """Until when the open clock of a case would run with more time, in the unit of its limit."""
    assert situation.leg is not None
    marks = marks_of(situation, situation.leg)
    return due(deadlines.extend(marks, amount, situation.calendar).due_at)


def _hands(case: Case, move: Move, unit: Organization | None) -> str:
    """Into whose hands the case comes."""
    match move.name:
        case "dispatch" | "adjudicate":
            return unit.name if unit else "所选单位"
        case "fail":
            return f"{case.unit.name if case.unit else '社区'}返工"
        case "feedback" | "refuse_closing":
            return "抽派的核查人"
        case "register":
            return f"{_centre_of_row(case)}派遣"
        case "refuse":
            disputed = case.refusals + 1 >= REFUSALS_BEFORE_DISPUTE
            return f"{case.centre.centre_name}{'裁定' if disputed else '重新派遣'}"
        case "return":
            return f"{case.centre.centre_name}重新立案"
    return f"{case.centre.centre_name}结案"


def _centre_of_row(case: Case) -> str:
    """The centre of the row under which the case is registered where nothing else is chosen."""
    row = case.responsibility
    place = territory(case, Loop(row.loop)) if row else None
    return (place or case.centre).centre_name
