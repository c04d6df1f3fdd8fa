"""What stands in the way of a move of a whistle, one rule a move."""

from cases.models import Case
from governance.models import Post
from governance.profile import Level
from governance.roles import Duty, Role
from partybuilding.models import Call, Whistle, WhistleRule
from partybuilding.permissions import answers_for, blows_for
from partybuilding.situations import Situation
from partybuilding.workflow import CallState, Side, Source
from records.refusals import Forbidden, NothingWaits, Refused, Stale, Unfit
from records.rules import Rules

RULES = Rules("哨单", part="该单位的召集")
#: A unit that was named by two others in turn takes the call, or the blower decides.
REFUSALS_IN_TURN = 2


def who_blows(rule_blowers: list[str]) -> str:
    """The posts that may blow, in words."""
    named = (text.partition(":") for text in rule_blowers)
    return "、".join(f"{Level[level.upper()].label}{Role(role).label}" for level, _, role in named)


def _in_the_way_of_any(s: Situation) -> Refused | None:
    """What stands in the way of any whistle on this case."""
    if s.user is None:
        return Forbidden("只有在岗人员可以吹哨。")
    if not s.case.is_open:
        return Stale("案件已结束，不能吹哨。")
    if s.rule is None:
        here = WhistleRule.objects.in_force(s.today).filter(district=s.case.district_id)
        if here.exists():
            return Unfit("请从列表中选择哨种。", field="kind")
        return Refused("这里还没有现行的吹哨规则，请系统管理员先设置。")
    running = Whistle.objects.open().filter(case=s.case).first()
    return Refused(f"这件案件已有在办的哨单 {running.number}。") if running else None


def why_not_by_post(move: str, s: Situation) -> Refused | None:
    """Why somebody's posts do not let them blow, or ask for, the kind of a rule; asks nothing of the database."""
    assert s.rule is not None
    if move == "ask":
        if not any(text.startswith("street:") for text in s.rule.blowers):
            return Forbidden(f"{s.rule.label}不由街道吹响，不能请街道吹哨。")
        return None if s.asking_place() else Forbidden("请街道吹哨由社区书记、副书记提出。")
    if s.blowing_post():
        return None
    hint = "您可以请街道吹哨。" if s.asking_place() else ""
    return Forbidden(f"{s.rule.label}由{who_blows(s.rule.blowers)}吹响。{hint}")


def is_so(source: Source, case: Case) -> bool:
    """Whether a case agrees with why a whistle is blown, as far as a case can say so."""
    match source:
        case Source.REFUSED_TWICE:
            return case.refusals >= 2
        case Source.ESCALATED:
            return case.escalated_by_time
        case Source.NO_POWER:
            refused = case.events.filter(move="refuse", data__contains='"refusal":"no_power"')
            return case.refusals > 0 and refused.exists()
    return True


@RULES.of("blow")
def blow(s: Situation) -> Refused | None:
    return _in_the_way_of_any(s) or why_not_by_post("blow", s)


@RULES.of("ask")
def ask(s: Situation) -> Refused | None:
    return _in_the_way_of_any(s) or why_not_by_post("ask", s)


def _is_own(s: Situation) -> Refused | None:
    return Forbidden("不能决定自己提出的哨单。") if s.is_by(s.whistle.asked_by_id) else None


@RULES.of("decline")
def decline(s: Situation) -> Refused | None:
    """By any post of the side that blows, also where the kind is gone: nothing may be left undecided."""
    return _is_own(s)


@RULES.of("blow_asked")
def blow_asked(s: Situation) -> Refused | None:
    """By the post of the rules, never by the one who asked."""
    if refusal := _is_own(s):
        return refusal
    if s.rule is None:
        return Refused("这种哨的规则已终止，请不予吹哨，由社区另行提出。")
    return None if s.blowing_post() else Forbidden(f"{s.rule.label}由{who_blows(s.rule.blowers)}吹响。")


@RULES.of("settle")
def settle(s: Situation) -> Refused | None:
    """When every unit has ended its part; those who are no longer needed are released."""
    waiting = [call.unit.name for call in s.calls if call.is_open]
    if waiting:
        return Refused(f"还有单位没有办结：{'、'.join(waiting)}。不再需要的请先解除。")
    tasks = s.whistle.tasks.filter(done_at=None).values_list("title", flat=True)
    return Refused(f"还有任务没有完成：{'、'.join(tasks)}。做不完的请转为案件。") if tasks else None


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


@RULES.of("dismiss")
def dismiss(s: Situation) -> Refused | None:
    return NothingWaits("已经同意离场。") if s.call.released_at else None


@RULES.of("answer_order")
def answer_order(s: Situation) -> Refused | None:
    """By the head of the unit; where that post is vacant, by who answers for it."""
    if s.call.ordered_at is None:
        return NothingWaits("没有督办。")
    if s.call.order_answered_at:
        return NothingWaits("这份督办已经答复。")
    if Duty.HEAD in s.held:
        return None
    heads = Post.objects.on_duty(s.today).with_duty(Duty.HEAD).filter(organization=s.call.unit_id)
    return Forbidden("督办由单位负责人答复。") if heads.exists() else None


# Scores -----------------------------------------------------------------------------------------------------------


def score_by(s: Situation, side: Side) -> list[Call]:
    """Calls that somebody may score for a side: nobody the own unit, nobody the whistle of the own side."""
    assert s.user is not None
    whistle, calls = s.whistle, s.to_score[side]
    if side == Side.UNIT:
        began = s.user.pk in (whistle.blown_by_id, whistle.asked_by_id)
        calls = [] if began or blows_for(s.user, whistle) else calls
    elif calls:  # somebody who worked for a unit then does not mark it now, whatever the post of today
        calls = [call for call in calls if call.pk not in s.worked_for]
    return [call for call in calls if answers_for(s.user, call.unit_id) == (side == Side.UNIT)]


@RULES.of("score_unit")
def score_unit(s: Situation) -> Refused | None:
    if not s.to_score[Side.STREET]:
        return NothingWaits("各单位都已评价。")
    return None if score_by(s, Side.STREET) else Forbidden("不能评价本单位。")


@RULES.of("score_whistle")
def score_whistle(s: Situation) -> Refused | None:
    assert s.user is not None
    if blows_for(s.user, s.whistle):
        return Forbidden("吹哨方不评价自己的哨单。")
    return None if score_by(s, Side.UNIT) else NothingWaits("本单位没有要评价的，或已评价。")
