"""What a move leads to, in words for its form: who gets the case, and until when. Nothing is written.

The words are those of the effects (``cases/actions/effects.py``); a test makes every move and compares.
"""

from cases import deadlines, turning
from cases.actions.legs import limit_of
from cases.clocks import due
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
UNCHANGED = "时限照旧，不因申请而停。"


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
        return UNCHANGED
    if move.name not in BEGINS or move.clock != Clock.OPENS:
        return ""
    step, listed_as = BEGINS[move.name]
    limit = limit_of(situation, listed_as or step)
    until = deadlines.start(situation.now, limit, situation.calendar).due_at
    return f"将交：{_hands(situation.case, move, unit)}；新时限：{due(until)}（{limit}）。"


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
