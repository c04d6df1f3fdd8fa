"""What may be given with a move: one check for each word of the table, made by the door; forms narrow and translate."""

import datetime as dt
import math
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cases.deadlines import Limit
from cases.models import Category, Responsibility
from cases.photos import MOST
from cases.routing import ELSEWHERE
from cases.rule_numbers import LONGEST_DEADLINE
from cases.rules import Situation
from cases.units import units_in_reach
from cases.workflow import RESIDENT_GRADES, STAFF_GRADES, Move, Refusal
from governance.models import Organization
from records.refusals import Unfit

MOST_CHARACTERS = 1000

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
}

#: Looks at a value; raises ``Unfit`` at its field.
Check = Callable[[Any, Situation], None]


def demand(move: Move, given: dict[str, Any], situation: Situation) -> None:
    """Raise ``Unfit`` unless everything that the table asks of people is there, and whatever is given fits."""
    for name in move.needs:
        if name not in given or given[name] in (None, "", []):
            raise Unfit(f"{move.label}需要填写：{LABELS[name]}。", field=name)
    for name, value in given.items():
        if name in CHECKS and value not in (None, "", []):
            CHECKS[name](value, situation)


def _text(name: str, most: int = MOST_CHARACTERS) -> Check:
    def check(value: Any, situation: Situation) -> None:
        if not isinstance(value, str) or not value.strip():
            raise Unfit(f"请填写{LABELS[name]}。", field=name)
        if len(value) > most:
            raise Unfit(f"{LABELS[name]}最多 {most} 个字。", field=name)

    return check


def _photos(name: str, most: int = MOST) -> Check:
    def check(value: Any, situation: Situation) -> None:
        if not all(isinstance(one, uuid.UUID) for one in value):
            raise Unfit("照片标识不正确，请重新拍照。", field=name)
        if len(set(value)) > most:
            raise Unfit(f"最多 {most} 张照片。", field=name)

    return check


def _position(value: Any, situation: Situation) -> None:
    try:
        longitude, latitude = (float(one) for one in value)
    except (TypeError, ValueError):
        raise Unfit("请定位，或在地图上点选位置。", field="position") from None
    on_earth = math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 85
    if not on_earth:
        raise Unfit("位置超出范围，请重新定位。", field="position")


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


def _refusal(value: str, situation: Situation) -> None:
    if value not in Refusal.values:
        raise Unfit("请从列表中选择回退原因。", field="refusal")


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


#: What a target of a merge must be is looked at on its locked row (``actions.merging``).
CHECKS: dict[str, Check] = {
    "words": _text("words"),
    "reason": _text("reason"),
    "address": _text("address", most=120),
    "photos": _photos("photos"),
    "before_photo": _photos("before_photo", most=1),
    "after_photo": _photos("after_photo", most=1),
    "position": _position,
    "category": _category,
    "responsibility": _responsibility,
    "unit": _unit,
    "right_unit": _right_unit,
    "refusal": _refusal,
    "amount": _amount,
    "until": _until,
    "deadline": _deadline,
    "grade": _grade,
    "condition_met": _condition_met,
}
