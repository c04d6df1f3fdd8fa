"""What may be given with a move: one check for each word of the table, made by the door; forms narrow and translate."""

import datetime as dt
from decimal import Decimal
from typing import Any

from cases.deadlines import Limit
from cases.models import Category, Responsibility
from cases.routing import ELSEWHERE
from cases.rule_numbers import LONGEST_DEADLINE
from cases.situations import Situation
from cases.units import units_in_reach
from cases.workflow import CHECKS, RESIDENT_GRADES, STAFF_GRADES, PositionSource, Refusal
from governance.models import Organization
from records.given import Words, choice, photos, position, text
from records.moves import Move
from records.refusals import Unfit

LABELS = {
    "words": "说明",
    "reason": "理由",
    "photos": "照片",
    "before_photo": "处置前照片",
    "after_photo": "处置后照片",
    "position": "现场位置",
    "unit": "单位",
    "right_unit": "认为应承办的单位",
    "refusal": "回退原因",
    "responsibility": "适用权责",
    "target": "并入的案件",
    "amount": "延长时间",
    "until": "挂账至",
    "deadline": "期限",
    "grade": "评价",
    "condition_met": "结案条件",
    "address": "位置描述",
    "category": "类别",
    "position_source": "位置来源",
    "far_reason": "远距离原因",
}


def _category(value: Category, situation: Situation) -> None:
    if not value.is_active:
        raise Unfit("这个类别已停用，请重新选择。", field="category")


def _responsibility(value: Responsibility, situation: Situation) -> None:
    if not value.may_be_registered_under:
        raise Unfit("请选择一条现行的、有处置权的权责。", field="responsibility")


def _unit(value: Organization, situation: Situation) -> None:
    """Under the commanding territory at the place of the case, there today, with somebody who may handle it."""
    found = units_in_reach(situation.case, situation.today).filter(pk=value.pk).first()
    if found is None:
        raise Unfit("请选择案件所在地的单位。", field="unit")
    if not found.is_staffed:
        raise Unfit(f"{found.name}没有能办理本案的在岗人员，{ELSEWHERE}。", field="unit")


def _right_unit(value: Organization, situation: Situation) -> None:
    if not units_in_reach(situation.case, situation.today, anywhere=True).contains(value):
        raise Unfit("请选择案件所在地的单位。", field="right_unit")


def _amount(value: Decimal, situation: Situation) -> None:
    """More than nothing, and not more than the limit had at first, in its unit."""
    assert situation.leg is not None
    first = situation.leg.limit_at_first
    try:
        amount = Limit(amount=value, unit=first.unit).amount
    except ValueError as problem:
        raise Unfit(str(problem), field="amount") from problem
    if not 0 < amount <= first.amount:
        raise Unfit(f"延长时间须大于 0，且不超过原时限（{first}）。", field="amount")


def _until(value: dt.date, situation: Situation) -> None:
    days = (value - situation.today).days
    if not 0 < days <= situation.numbers.suspension_days:
        raise Unfit(f"挂账日期须在今天之后、{situation.numbers.suspension_days} 天之内。", field="until")


def _deadline(value: dt.datetime, situation: Situation) -> None:
    if not dt.timedelta() < value - situation.now <= LONGEST_DEADLINE:
        raise Unfit("期限须在现在之后、一年之内。", field="deadline")


def _grade(value: str, situation: Situation) -> None:
    if value not in (RESIDENT_GRADES if situation.case.is_from_resident else STAFF_GRADES):
        raise Unfit("请从列表中选择评价。", field="grade")


def _condition_met(value: bool, situation: Situation) -> None:
    if value is not True:
        raise Unfit("未达到结案条件的，请选择“不予结案”。", field="condition_met")


def _may_lack(move: Move, name: str, given: dict[str, Any]) -> bool:
    """A check may be made where no position is to be had; it says so (``actions/checks.py``)."""
    return name == "position" and move.name in CHECKS and given.get("position_source") == PositionSource.NONE


#: What a target of a merge must be is looked at on its locked row (``actions.merging``).
WORDS = Words(
    LABELS,
    {
        "words": text("words", LABELS["words"]),
        "reason": text("reason", LABELS["reason"]),
        "address": text("address", LABELS["address"], most=120),
        "photos": photos("photos"),
        "before_photo": photos("before_photo", most=1),
        "after_photo": photos("after_photo", most=1),
        "position": position("position"),
        "position_source": choice("position_source", PositionSource.values, "位置来源不正确，请重新定位。"),
        "far_reason": text("far_reason", LABELS["far_reason"], most=200),
        "category": _category,
        "responsibility": _responsibility,
        "unit": _unit,
        "right_unit": _right_unit,
        "refusal": choice("refusal", Refusal.values, "请从列表中选择回退原因。"),
        "amount": _amount,
        "until": _until,
        "deadline": _deadline,
        "grade": _grade,
        "condition_met": _condition_met,
    },
    _may_lack,
)
