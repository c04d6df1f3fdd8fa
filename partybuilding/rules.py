"""What stands in the way of a move of a whistle, one rule a move."""

from cases.models import Case
from governance.profile import Level
from governance.roles import Role
from partybuilding.models import Whistle
from partybuilding.situations import Situation
from partybuilding.workflow import CallState, Side
from records.refusals import Forbidden, Refused, Stale
from records.rules import Rules

RULES = Rules("哨单")
#: A unit that was named by two others in turn takes the call, or the blower decides.
REFUSALS_IN_TURN = 2


def who_blows(rule_blowers: list[str]) -> str:
    """The posts that may blow, in words."""
    named = (text.partition(":") for text in rule_blowers)
    return "、".join(f"{Level[level.upper()].label}{Role(role).label}" for level, _, role in named)


def _in_the_way_of_any(s: Situation) -> Refused | None:
    """What stands in the way of any whistle on this case."""
    if s.user is None:
        return Forbidden("哨令由在岗人员吹响。")
    if not Case.objects.visible_to(s.by).filter(pk=s.case.pk).exists():
        return Forbidden("没有这个案件，或不在您的管辖范围内。")
    if not s.case.is_open:
        return Stale("案件已结束，不能吹哨。")
    if s.rule is None:
        return Refused("这里没有现行的这种哨，请在吹哨规则里先设置。", field="kind")
    running = Whistle.objects.open().filter(case=s.case).first()
    return Refused(f"这件案件已有在办的哨单 {running.number}。") if running else None


def why_not_by_post(move: str, s: Situation) -> Refused | None:
    """Why somebody's posts do not let them blow, or ask for, the kind of a rule; asks nothing of the database."""
    assert s.rule is not None
    if move == "ask":
        return None if s.asking_place() else Forbidden("请街道吹哨由社区书记、副书记提出。")
    if s.blowing_post():
        return None
    hint = "您可以请街道吹哨。" if s.asking_place() else ""
    return Forbidden(f"{s.rule.label}由{who_blows(s.rule.blowers)}吹响。{hint}")


@RULES.of("blow")
def blow(s: Situation) -> Refused | None:
    return _in_the_way_of_any(s) or why_not_by_post("blow", s)


@RULES.of("ask")
def ask(s: Situation) -> Refused | None:
    return _in_the_way_of_any(s) or why_not_by_post("ask", s)


@RULES.of("blow_asked", "decline")
def answer_asked(s: Situation) -> Refused | None:
    """By the post of the rules, never by the one who asked."""
    if s.is_by(s.whistle.asked_by_id):
        return Forbidden("不能决定自己提出的哨令。")
    if s.rule is None:
        return Refused("这种哨的规则已终止，请不予吹哨，由社区另行提出。") if s.whistle.state else None
    return None if s.blowing_post() else Forbidden(f"{s.rule.label}由{who_blows(s.rule.blowers)}吹响。")


@RULES.of("settle")
def settle(s: Situation) -> Refused | None:
    """When every unit has ended its part; those who are no longer needed are released."""
    waiting = [call.unit.name for call in s.calls if call.is_open]
    if waiting:
        return Refused(f"还有单位没有办结：{'、'.join(waiting)}。不再需要的请先解除。")
    return None


@RULES.of("arrive")
def arrive(s: Situation) -> Refused | None:
    return Refused("您已报到，还没有离场。") if s.presence else None


@RULES.of("leave")
def leave(s: Situation) -> Refused | None:
    return None if s.presence else Refused("您没有在这里报到，或已离场。")


@RULES.of("finish")
def finish(s: Situation) -> Refused | None:
    """On the spot, unless the kind lets a unit help from afar."""
    if s.call.state == CallState.CONTACTED and not s.call.stays_away:
        return Refused("须先到场报到，才能办结。")
    return None


@RULES.of("refuse")
def refuse(s: Situation) -> Refused | None:
    before, one = 0, s.call
    while one.replaces is not None:
        before, one = before + 1, one.replaces
    if before >= REFUSALS_IN_TURN:
        return Refused("这件事已回退两次，不能再回退；确有异议的，请与吹哨方协商解除。")
    return None


@RULES.of("release")
def release(s: Situation) -> Refused | None:
    return Refused("已经解除。") if s.call.released_at else None


@RULES.of("answer_order")
def answer_order(s: Situation) -> Refused | None:
    if s.call.ordered_at is None:
        return Refused("没有督办。")
    return Refused("这份督办已经答复。") if s.call.order_answered_at else None


@RULES.of("close", "end", "failed", "lapse", "press")
def of_the_system(s: Situation) -> Refused | None:
    return None if s.actor.is_system else Forbidden("由系统办理。")


def scored(whistle: Whistle) -> dict[int, set[str]]:
    """Which sides have scored, by call; calls that were refused are not scored."""
    rows = whistle.calls.exclude(state=CallState.REFUSED).values_list("pk", "scores__side")
    found: dict[int, set[str]] = {}
    for call_id, side in rows:
        found.setdefault(call_id, set()).update([side] if side else [])
    return found


def is_fully_scored(whistle: Whistle, *more: tuple[int, Side]) -> bool:
    """Whether every called unit was scored and has scored, together with what is being written."""
    sides = scored(whistle)
    for call_id, side in more:
        sides[call_id].add(side)
    return all(found == set(Side) for found in sides.values())
