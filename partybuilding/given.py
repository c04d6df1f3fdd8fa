"""What may be given with a move of a whistle."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from cases.models import Category
from cases.rule_numbers import LONGEST_DEADLINE
from governance.models import Organization, Post, User
from governance.roles import Duty
from partybuilding.codes import pass_until
from partybuilding.models import Call, Task
from partybuilding.nominating import units_to_call
from partybuilding.permissions import answers_for
from partybuilding.rules import is_so, score_by
from partybuilding.situations import Situation, Walk
from partybuilding.workflow import MARK_NAMES, Demand, Refusal, Side, Source
from records.given import Check, Words, choice, photos, position, text
from records.refusals import Unfit

LABELS = {
    "kind": "哨种",
    "source": "吹哨情形",
    "source_note": "来源编号",
    "words": "说明",
    "reason": "理由",
    "demands": "需要什么",
    "lead": "牵头单位",
    "helpers": "协同单位",
    "unit": "单位",
    "person": "经办人",
    "title": "任务",
    "deadline": "期限",
    "task": "任务",
    "category": "类别",
    "position": "现场位置",
    "photos": "照片",
    "refusal": "回退原因",
    "right_unit": "认为应召集的单位",
    "pass": "现场二维码",
    "call": "被召单位",
    "claimed_at": "手机时间",
    "stays_away": "远程办理",
    **MARK_NAMES[Side.STREET],
    **MARK_NAMES[Side.UNIT],
}


def _source(value: str, s: Situation) -> None:
    """One of the kind's own, and true of the case where the case can say so."""
    if s.rule is None or value not in s.rule.sources:
        raise Unfit("请从列表中选择吹哨情形。", field="source")
    if not is_so(Source(value), s.case):
        raise Unfit(f"这件案件没有“{Source(value).label}”的记录，请选择符合的情形。", field="source")


def _demands(value: Iterable[str], s: Situation) -> None:
    if not set(value) <= set(Demand.values):
        raise Unfit("请从列表中选择需要什么。", field="demands")


def _callable(name: str) -> Check:
    """A unit at the place of the case that is there today, and is not called already."""

    def check(value: Organization, s: Situation) -> None:
        if not units_to_call(s.case, s.today).filter(pk=value.pk).exists():
            raise Unfit("请选择案件所在地的单位。", field=name)
        if any(call.unit_id == value.pk and call.is_open for call in s.calls):
            raise Unfit(f"{value.name}已被召集。", field=name)

    return check


def _helpers(value: Iterable[Organization], s: Situation) -> None:
    for unit in value:
        _callable("helpers")(unit, s)


def _right_unit(value: Organization, s: Situation) -> None:
    if value.pk == s.call.unit_id:
        raise Unfit("请填写本单位以外的单位。", field="right_unit")
    if not units_to_call(s.case, s.today).filter(pk=value.pk).exists():
        raise Unfit("请选择案件所在地的单位。", field="right_unit")


def _called_unit(value: Organization, s: Situation) -> None:
    if not any(call.unit_id == value.pk and call.is_open for call in s.calls):
        raise Unfit("请选择一个已被召集的单位。", field="unit")


def _unit(value: Organization, s: Walk) -> None:
    """Of a task one that is called; else one that may be."""
    (_called_unit if s.move.name == "add_task" else _callable("unit"))(value, s)


def _person(value: User, s: Walk) -> None:
    """Somebody on duty who answers for the unit that gets the task."""
    answers = Post.objects.on_duty(s.today).with_duty(Duty.ANSWER).filter(user=value)
    if not answers.filter(organization=s.given["unit"]).exists():
        raise Unfit(f"请选择{s.given['unit'].name}的在岗人员，或不填。", field="person")


def _deadline(value: dt.datetime, s: Situation) -> None:
    if not dt.timedelta() < value - s.now <= LONGEST_DEADLINE:
        raise Unfit("期限须在现在之后、一年之内。", field="deadline")


def _task(value: Task, s: Situation) -> None:
    """Not done yet; of the own unit, where somebody acts for a unit."""
    if not s.whistle.tasks.filter(pk=value.pk, done_at=None).exists():
        raise Unfit("请选择一件没有完成的任务。", field="task")
    assert s.user is not None
    if Duty.BLOW not in s.held and not answers_for(s.user, value.unit_id):
        raise Unfit("这件任务交给了另一个单位。", field="task")


def _call(value: Call, s: Walk) -> None:
    """One that this side has still to score."""
    side = Side.STREET if s.move.name == "score_unit" else Side.UNIT
    if value.pk not in {call.pk for call in score_by(s, side)}:
        raise Unfit("请选择一个还没有评价、可由您评价的单位。", field="call")


def _claimed_at(value: dt.datetime, s: Situation) -> None:
    """What a phone says when it was there; a claim, but one that can be a time."""
    can_be = isinstance(value, dt.datetime) and value.tzinfo is not None
    if not can_be or abs(value.year - s.now.year) > FURTHEST_YEARS:
        raise Unfit("手机时间无法读取。", field="claimed_at")


def _stays_away(value: bool, s: Situation) -> None:
    if not s.whistle.rule["may_stay_away"]:
        raise Unfit("这种哨须到场处置。", field="stays_away")


def _pass(value: str, s: Situation) -> None:
    if s.user is None or pass_until(value, s.whistle.uuid, s.user.pk, s.now) is None:
        raise Unfit("二维码已失效，请重新扫描现场屏幕。", field="pass")


def _mark(name: str) -> Check:
    def check(value: Any, s: Situation) -> None:
        if value not in (1, 2, 3, 4, 5):
            raise Unfit(f"{LABELS[name]}请选 1 到 5 分。", field=name)

    return check


def _category(value: Category, s: Situation) -> None:
    if not value.is_active:
        raise Unfit("这个类别已停用，请重新选择。", field="category")


#: A phone without its clock set says 1970.
FURTHEST_YEARS = 100
WORDS = Words(
    LABELS,
    {
        "source": _source,
        "source_note": text("source_note", "来源编号", most=60),
        "words": text("words", "说明"),
        "reason": text("reason", "理由"),
        "demands": _demands,
        "lead": _callable("lead"),
        "helpers": _helpers,
        "unit": _unit,
        "person": _person,
        "right_unit": _right_unit,
        "refusal": choice("refusal", Refusal.values, "请从列表中选择回退原因。"),
        "title": text("title", "任务", most=120),
        "deadline": _deadline,
        "task": _task,
        "call": _call,
        "category": _category,
        "position": position("position"),
        "photos": photos("photos"),
        "pass": _pass,
        "claimed_at": _claimed_at,
        "stays_away": _stays_away,
        **{name: _mark(name) for names in MARK_NAMES.values() for name in names},
    },
)
