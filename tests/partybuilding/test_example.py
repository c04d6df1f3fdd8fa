"""Three whistles whose numbers can be checked by hand: every measure of the party half says what stands in the example."""

from typing import Any

import pytest

from appraisal.catalogue import every_measure
from governance.models import User
from governance.roles import Role
from partybuilding.actions import sweep
from partybuilding.models import Whistle
from partybuilding.module import MODULE
from tests import lives, people
from tests.appraisal import example
from tests.partybuilding.blowing import (
    MANAGEMENT,
    MARKET,
    POLICE,
    blow,
    call_of,
    do,
    stuck_case,
    unit,
    user,
)

EXAMPLE = example.read(MODULE.measures / "example.toml")
UNITS = {"城管局": MANAGEMENT, "派出所": POLICE, "市场监管局": MARKET}
USUAL: dict[str, dict[str, Any]] = {
    "arrive": {"position": lives.inside},
    "refuse": {"refusal": lambda: "not_ours", "reason": lambda: "不属于本单位职责"},
    "decline": {"reason": lambda: "社区可以自行处置"},
    "contact": {"words": lambda: "已电话联系"},
    "finish": {"words": lambda: "已办结"},
    "settle": {"words": lambda: "已处置完毕"},
}


def who(words: str) -> User:
    match words:
        case "街道书记":
            return user("jieshuji")
        case "社区书记":
            return user("sheshuji")
        case "城管局联络员":
            return user("cg_lianluo")
    assert words == "派出所所长"
    return people.someone(Role.UNIT_HEAD, POLICE)


def begin(row: dict[str, Any]) -> Whistle:
    time, move, by, *given = row["steps"][0]
    now = example.at(time)
    case = stuck_case(now)
    named = given[0] if given else {}
    asked = {
        "lead": unit(UNITS[named["lead"]]) if "lead" in named else None,
        "helpers": [unit(UNITS[one]) for one in named.get("helpers", [])],
    }
    answer = blow(case, who(by).username, move=move, now=now, **asked)
    return Whistle.objects.get(uuid=answer.uuid)


def step(whistle: Whistle, move: str, by: str, now, given: dict[str, Any]) -> None:
    given = {name: make() for name, make in USUAL.get(move, {}).items()} | given
    of = given.pop("unit", None)
    if "right_unit" in given:
        given["right_unit"] = unit(UNITS[given["right_unit"]])
    if "call" in given:
        given["call"] = call_of(whistle, UNITS[given["call"]])
    do(whistle, move, who(by), of=UNITS[of] if of else None, now=now, **given)


def walk() -> None:
    made: dict[int, Whistle] = {}
    steps = [(example.at(time), -1, "sweep", []) for time in EXAMPLE["sweeps"]]
    for number, row in enumerate(EXAMPLE["whistles"]):
        for time, move, *rest in [*row["steps"], *row["case_steps"]]:
            steps.append((example.at(time), number, move, rest))
    hands = lives.hands()
    for now, number, move, rest in sorted(steps, key=lambda one: one[0]):
        if move == "sweep":
            sweep(now=now)
        elif number not in made:
            made[number] = begin(EXAMPLE["whistles"][number])
        elif not rest:
            hands.step(made[number].case.uuid, move, now=now)
        else:
            step(made[number], move, rest[0], now, dict(rest[1]) if rest[1:] else {})


def ours():
    return {key: one for key, one in every_measure().items() if one.module == "partybuilding"}


@pytest.mark.django_db
def test_every_measure_says_of_the_example_what_the_page_says():
    walk()
    assert list(EXAMPLE["values"]) == list(ours())
    assert example.values(EXAMPLE, ours()) == EXAMPLE["values"]
