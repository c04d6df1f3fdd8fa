"""What may be given with a move: one check for each word of a table, made by the door; forms narrow and translate."""

import math
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from records.moves import Move
from records.refusals import Unfit

MOST_CHARACTERS = 1000
#: Photos of one move.
MOST_PHOTOS = 9

#: Looks at a value in a situation; raises ``Unfit`` at its field.
Check = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Words:
    """The words of a table: what people call each, and what is looked at."""

    labels: dict[str, str]
    checks: dict[str, Check]
    #: Whether something that the table asks for may be left out, by what else is given: (move, name, given).
    may_lack: Callable[[Move, str, dict[str, Any]], bool] = lambda move, name, given: False

    def demand(self, move: Move, given: dict[str, Any], situation: Any) -> None:
        """Raise ``Unfit`` unless all that the table asks for is there, and whatever is given fits."""
        for name in move.needs:
            is_missing = name not in given or given[name] in (None, "", [])
            if is_missing and not self.may_lack(move, name, given):
                raise Unfit(f"{move.label}需要填写：{self.labels[name]}。", field=name)
        for name, value in given.items():
            if name in self.checks and value not in (None, "", []):
                self.checks[name](value, situation)


def text(name: str, label: str, most: int = MOST_CHARACTERS) -> Check:
    """Some words, not more than so many characters."""

    def check(value: Any, situation: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise Unfit(f"请填写{label}。", field=name)
        if len(value) > most:
            raise Unfit(f"{label}最多 {most} 个字。", field=name)

    return check


def photos(name: str, most: int = MOST_PHOTOS) -> Check:
    """Ids of uploaded photos."""

    def check(value: Any, situation: Any) -> None:
        if not all(isinstance(one, uuid.UUID) for one in value):
            raise Unfit("照片标识不正确，请重新拍照。", field=name)
        if len(set(value)) > most:
            raise Unfit(f"最多 {most} 张照片。", field=name)

    return check


def position(name: str) -> Check:
    """Longitude and latitude in degrees, WGS-84."""

    def check(value: Any, situation: Any) -> None:
        try:
            longitude, latitude = (float(one) for one in value)
        except (TypeError, ValueError):
            raise Unfit("请定位，或在地图上点选位置。", field=name) from None
        on_earth = math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 85
        if not on_earth:
            raise Unfit("位置超出范围，请重新定位。", field=name)

    return check


def choice(name: str, values: Iterable[str], sentence: str) -> Check:
    """One of a list."""
    allowed = frozenset(values)

    def check(value: Any, situation: Any) -> None:
        if value not in allowed:
            raise Unfit(sentence, field=name)

    return check
