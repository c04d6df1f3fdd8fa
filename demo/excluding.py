"""Exclusions of the demo world, by real actions: late cases that units ask to leave out, in every state of being decided."""

import datetime as dt
from typing import NamedTuple

from appraisal.exclusions import ask, decide, why_not_ask, why_not_decide
from appraisal.models import Exclusion, ExclusionDecision
from cases.loops import commanding_ids, lowest
from cases.models import Case
from demo.hands import Hands
from demo.hours import DAY
from governance.models import User
from governance.roles import Duty

Ground, Verdict = Exclusion.Ground, ExclusionDecision.Verdict
AGREE, REFUSE, END = Verdict.AGREE, Verdict.REFUSE, Verdict.END
#: Cases closed in the last days, so that the boards show them.
RECENT = 28 * DAY


class Story(NamedTuple):
    """Why it is asked for, and what people say about it, one after the other."""

    ground: Ground
    words: str
    said: tuple[tuple[Verdict, str], ...] = ()


SEEN = (AGREE, "看过现场照片和记录，情况属实。")
#: Told of the latest cases first.
STORIES = (
    Story(Ground.FORCE_MAJEURE, "施工单位封闭道路三天，无法到场；附封路公告。"),
    Story(Ground.NOT_OURS, "点位属河道管理范围，已移交，有移交单；移交前的时间算在了我们头上。", (SEEN,)),
    Story(Ground.FORCE_MAJEURE, "暴雨积水，路段封闭，车辆进不去；附交警封路通知。", (SEEN, (AGREE, "当天全街道都停了外业，同意。"))),
    Story(Ground.OTHER, "近期人手不足，请予剔除。", ((REFUSE, "人手由单位自行安排，不是剔除的事由。"),)),
    Story(Ground.REPEATED, "与前一件是同一处，已随前一件办完。", (SEEN, (AGREE, "两件的位置、照片一致。"), (END, "复查：两件相隔二十多米，是两处，恢复计入。"))),
    Story(Ground.SYSTEM_FAULT, "处置当天反馈一直提交不上，照片时间可以证明按时办完。", (SEEN, (AGREE, "与当天的系统故障记录对得上。"))),
    Story(Ground.FORCE_MAJEURE, "停电，泵站无法抽排。", (SEEN, (REFUSE, "停电只有两小时，影响不到时限。"))),
    Story(Ground.NOT_OURS, "责任单位在派遣时写错，裁定后才到我单位。"),
)  # fmt: skip


def exclude_some(hands: Hands, now: dt.datetime) -> int:
    """Tell each story that is not told yet of a late case that was closed lately; returns how many are told."""
    known = set(Exclusion.objects.values_list("words", flat=True))
    stories, told = [one for one in STORIES if one.words not in known], 0
    late = Case.objects.filter(was_late=True, closed_at__range=(now - RECENT, now))
    for case in late.filter(exclusions=None).exclude(unit=None).order_by("-closed_at", "pk"):
        if stories and _tell(hands, case, stories[0], now):
            stories.pop(0)
            told += 1
    return told


def _tell(hands: Hands, case: Case, story: Story, now: dt.datetime) -> bool:
    able = [user for user in hands.holding(Duty.HANDLE, case.unit_id) if why_not_ask(case, user) is None]
    if not able or case.closed_at is None:
        return False
    at = case.closed_at + DAY
    made = ask(case.pk, ground=story.ground, words=story.words, by=able[0], now=min(at, now))
    for verdict, reason in story.said:
        at += DAY  # each says something a day after the one before
        by = next(user for user in _deciding(hands, case) if why_not_decide(made, verdict, user) is None)
        decide(made.pk, verdict=verdict, reason=reason, by=by, now=min(at, now))
        made = Exclusion.objects.select_related("case").get(pk=made.pk)
    return True


def _deciding(hands: Hands, case: Case) -> list[User]:
    """Chiefs of the centre first, then leaders, the nearest first."""
    places = [place for place in reversed(commanding_ids(case, lowest())) if place]
    chiefs = hands.holding(Duty.CHIEF, case.centre_id)
    return [*chiefs, *(user for place in places for user in hands.holding(Duty.LEAD, place))]
