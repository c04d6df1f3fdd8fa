"""Expands the decisions in tools/responsibilities/*.toml into cases/data/responsibilities.csv.

A decision covers a group of categories; the list has one row for each category, condition and loop.
Run ``python tools/make_responsibilities.py`` after changing a decision; ``--check`` only compares.
"""

import argparse
import csv
import io
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "cases" / "data"
DECISIONS = Path(__file__).resolve().parent / "responsibilities"
TARGET = DATA / "responsibilities.csv"

LOOPS = ("community", "street", "district")
POWERS = ("settle", "assist", "report")
NORMAL, URGENT = "一般", "紧急"
UNITS = {"u": "紧急工作时", "h": "工作时", "d": "工作日", "n": "自然日"}
STEPS = ("registering", "checking", "dispatching", "rework", "verifying", "closing", "evaluating")
COLUMNS = (
    *("edition", "kind", "code", "condition", "loop", "lead", "helpers", "power"),
    *("registering_condition", "closing_condition"),
    *("registering", "checking", "dispatching", "handling", "rework", "verifying", "closing", "evaluating"),
    *("remote_verification", "basis"),
)

# Who may lead in which loop. A street has stations of five departments; all departments sit in the district.
STATIONS = {"police": "派出所", "market": "市场监管所", "housing": "街道城建办", "justice": "司法所"}
LEADS = {
    "community": {"community": "社区居委会", "property": "物业服务企业"},
    "street": {
        "street_office": "街道综合办",
        "street_enforcement": "街道综合执法队",
        "street_safety": "街道平安办",
        "health": "社区卫生服务机构",
        **STATIONS,
    },
    "district": {
        "police": "公安",
        "urban_management": "城管",
        "housing": "住建",
        "market": "市场监管",
        "ecology": "生态环境",
        "civil_affairs": "民政",
        "health": "卫健",
        "transport": "交通",
        "water": "水务",
        "fire": "消防",
        "forestry": "园林绿化",
        "emergency": "应急",
        "justice": "司法",
        "social_security": "人社",
        "education": "教体",
        "heritage": "文旅",
        "telecom": "通信运营",
        "power_grid": "供电",
        "gas": "燃气",
    },
}

OPERATORS = {"telecom", "power_grid", "gas"}

# How fast the clerk's own steps run: a scene is looked at today, a dispute needs days, a rescue counts day and night.
# Handling is decided group by group and stands in the decisions.
PROCEDURES = """
work         loop        registering checking dispatching rework verifying closing evaluating

scene        community   1h          2h       1h          2h     3h        2h      3n
scene        street      2h          3h       1h          3h     4h        3h      5n
scene        district    3h          4h       2h          4h     6h        4h      7n

repair       community   2h          4h       2h          1d     4h        4h      5n
repair       street      3h          4h       2h          1d     6h        4h      7n
repair       district    4h          1d       3h          2d     1d        1d      7n

enforcement  community   4h          1d       2h          1d     1d        4h      5n
enforcement  street      4h          1d       3h          2d     1d        1d      7n
enforcement  district    1d          2d       4h          3d     2d        1d      10n

mediation    community   1d          2d       4h          3n     3n        2d      7n
mediation    street      1d          2d       1d          5n     5n        2d      10n
mediation    district    2d          3d       1d          7n     7n        3d      15n

care         community   3h          1n       2h          1n     2n        1d      7n
care         street      4h          1n       3h          2n     3n        1d      10n
care         district    1d          2n       4h          3n     5n        2d      15n

party        community   1d          2d       1d          5n     3n        2d      10n
party        street      2d          3d       1d          5n     5n        2d      15n
party        district    2d          3d       2d          7n     7n        3d      15n

rescue       community   0.25u       0.5u     0.25u       0.5u   1u        1u      1n
rescue       street      0.5u        0.5u     0.25u       1u     1u        2u      2n
rescue       district    0.5u        1u       0.5u        2u     2u        2u      3n
"""

# What the place or the people must be for a loop to take the case; appended to the condition of the category.
PLACE_SCOPE = {
    ("community", "settle"): "位于小区、院落或背街小巷，{lead}可自行处置",
    ("community", "assist"): "{lead}先行看护、劝导，处置由上级单位负责",
    ("community", "report"): "社区发现即上报，不承担处置",
    ("street", "settle"): "位于本街道辖区，{lead}可自行处置",
    ("street", "assist"): "{lead}负责围护协调，处置由{last}负责",
    ("district", "settle"): "街道无权或无力处置、或跨街道的，由{last}处置",
}
PEOPLE_SCOPE = {
    ("community", "settle"): "当事人在本社区，{lead}可自行办结",
    ("community", "assist"): "{lead}协助登记、联系和陪同，由上级单位办理",
    ("community", "report"): "社区发现即上报，不作处理承诺",
    ("street", "settle"): "涉及多个社区或社区未能办结，由{lead}办理",
    ("street", "assist"): "{lead}负责疏导陪同，由{last}办理",
    ("district", "settle"): "街道未能办结、或涉及多个街道的，由{last}办理",
}
PEOPLE_WORK = {"mediation", "care", "party"}


@dataclass(frozen=True)
class Duty:
    """Who does what in one loop."""

    loop: str
    lead: str
    power: str
    helpers: tuple[str, ...]


@dataclass(frozen=True)
class Situation:
    """One condition of a category: its words and its handling limits by loop."""

    condition: str
    work: str
    limits: dict[str, str]
    seen: str
    done: str


@dataclass(frozen=True)
class Decision:
    """What is decided for one component and its mirror matter, or for one matter."""

    duties: tuple[Duty, ...]
    has_mirror: bool
    remote: bool
    basis: str
    words: dict[str, str]

    def last(self) -> Duty:
        return self.duties[-1]

    def situations(self, is_mirror: bool) -> Iterator[Situation]:
        words = self.words
        seen, done, limits = "seen", "done", "limits"
        if self.has_mirror:
            seen, done, limits = ("odd", "calm", "mirror") if is_mirror else ("broken", "fixed", "limits")
        work = words.get("work", "repair" if self.has_mirror and not is_mirror else "scene")
        yield Situation(NORMAL, work, split_limits(words[limits]), words[seen], words[done])
        if "urgent" in words:
            yield Situation(URGENT, "rescue", split_limits(words["urgent"]), words["danger"], words["safe"])


def spell(limit: str) -> str:
    """Turn ``4h`` into the words of the list, ``4 工作时``."""
    return f"{limit[:-1]} {UNITS[limit[-1]]}"


def split_limits(text: str) -> dict[str, str]:
    return dict(zip(LOOPS, map(spell, text.split()), strict=True))


def read_procedures() -> dict[tuple[str, str], dict[str, str]]:
    """The limits of the clerk's steps by work and loop."""
    lines = [line.split() for line in PROCEDURES.splitlines() if line.strip()]
    assert lines[0] == ["work", "loop", *STEPS]
    return {
        (work, loop): dict(zip(STEPS, map(spell, limits), strict=True)) for work, loop, *limits in lines[1:]
    }


def read_duty(loop: str, text: str) -> Duty:
    """Read ``street_office assist + property;water``."""
    head, _, helpers = text.partition("+")
    lead, power = head.split()
    if lead not in LEADS[loop] or power not in POWERS:
        raise ValueError(f"{loop}: {text} names no lead of this loop or no power")
    return Duty(loop, lead, power, tuple(filter(None, helpers.strip().split(";"))))


def read_chain(text: str) -> tuple[Duty, ...]:
    parts = [part.strip() for part in text.split("|")]
    duties = tuple(read_duty(loop, part) for loop, part in zip(LOOPS, parts, strict=True))
    if duties[-1].power != "settle":
        raise ValueError(f"nobody has the last word in {text}")
    return duties


def read_decisions() -> dict[str, Decision]:
    """The decision for each name; words that a name has of its own go before those of its group."""
    decisions: dict[str, Decision] = {}
    groups = [
        group
        for path in sorted(DECISIONS.glob("*.toml"))
        for group in tomllib.loads(path.read_text(encoding="utf-8"))["group"]
    ]
    for group in groups:
        names, own = group["names"].split(), group.get("own", {})
        if twice := (decisions.keys() & set(names)) | (own.keys() - set(names)):
            raise ValueError(f"decided twice, or own words outside the group: {twice}")
        for name in names:
            decisions[name] = Decision(
                duties=read_chain(group["chain"]),
                has_mirror="mirror" in group,
                remote=group.get("remote", False),
                basis=group["basis"],
                words={**group, **own.get(name, {})},
            )
    return decisions


def read_categories() -> list[dict[str, str]]:
    rows = []
    for name in ("categories.csv", "local_categories.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def decide(categories: list[dict[str, str]]) -> Iterator[tuple[dict[str, str], str, Decision]]:
    """Each category with its base name and its one decision; a gap or an overlap is an error."""
    found = read_decisions()
    for category in categories:
        name = category["name"]
        # A mirror matter is the component's name with 异常; its owner is the component's.
        base = name if name in found else name.removesuffix("异常")
        if base not in found:
            raise ValueError(f"nobody decided {name}")
        yield category, base, found[base]
    unknown = found.keys() - {category["name"] for category in categories}
    if unknown:
        raise ValueError(f"no such category: {', '.join(sorted(unknown))}")


def scope(decision: Decision, duty: Duty, work: str) -> str:
    table = PEOPLE_SCOPE if work in PEOPLE_WORK else PLACE_SCOPE
    last = decision.last().lead
    office = LEADS["district"][last] + ("企业" if last in OPERATORS else "部门")
    return table[duty.loop, duty.power].format(lead=LEADS[duty.loop][duty.lead], last=office)


def helpers_of(decision: Decision, duty: Duty) -> tuple[str, ...]:
    """Who helps: where the loop cannot settle it, the one who finally does stands beside it."""
    beside = () if duty.power == "settle" else (decision.last().lead,)
    return tuple(name for name in dict.fromkeys(duty.helpers + beside) if name != duty.lead)


def expand(categories: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """All rows of the list, in the order of the categories, conditions and loops."""
    procedures = read_procedures()
    for category, base, decision in decide(categories):
        is_mirror = category["name"] != base
        normal_work = next(decision.situations(is_mirror)).work
        for situation in decision.situations(is_mirror):
            for duty in decision.duties:
                seen = situation.seen.replace("{n}", base)
                is_remote = decision.remote and situation.condition == NORMAL and duty.loop != "district"
                yield {
                    **{key: category[key] for key in ("edition", "kind", "code")},
                    "condition": situation.condition,
                    "loop": duty.loop,
                    "lead": duty.lead,
                    "helpers": ";".join(helpers_of(decision, duty)),
                    "power": duty.power,
                    "registering_condition": f"{seen}；{scope(decision, duty, normal_work)}",
                    "closing_condition": situation.done.replace("{n}", base),
                    **procedures[situation.work, duty.loop],
                    "handling": situation.limits[duty.loop],
                    "remote_verification": str(int(is_remote)),
                    "basis": decision.basis,
                }


def render() -> str:
    """The list as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(expand(read_categories()))
    return text.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, do not write")
    text = render()
    if parser.parse_args().check:
        is_same = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        print("up to date" if is_same else f"{TARGET.name} differs from the decisions")
        return 0 if is_same else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {text.count(chr(10)) - 1} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
