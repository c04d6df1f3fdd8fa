"""The page of all measures (``docs/measures.md``): each with its card, and the worked example that tests walk."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appraisal.catalogue import DATA, DIRECTIONS, Measure, counters, every_measure, grouped, stocks
from appraisal.formulas import Formula
from appraisal.models import Exclusion
from cases.models import Case
from cases.workflow import MOVES, Loop
from governance import modules

HEAD = """# 指标

由 `appraisal/data/*.toml` 和各模块自己的指标生成（`manage.py measures_page`），请勿手改；两者不一致时检查不通过。
每个指标的数都能点开看清单、看口径；这里是全部口径，和一个可以用手核对的算例（测试按经过真走一遍，逐个比对）。

率总是“分子之和 ÷ 分母之和”，不由率平均得出；分母为零写“无数据”，不写 0%；分母不足 10 的只给件数，不着色、不排名。
“应……”的分母数的是时限在本期到期的：已经按时办完的，加上已经超期的；时限还没到的不算。

“剔除后”是同一个算式，分子、分母各减去已剔除的案件在其中的计数，只用于数案件的率。一件案件由承办单位、社区坐席或值班长申请，值班长或领导、
再加另一位领导同意后才剔除，申请人、上报人和处置人不能决定；名单公开，领导可以恢复计入。原值总排在前，任何剔除都不改变它。

"""


def page() -> str:
    """The whole text, in Markdown."""
    values: dict[str, str] = {}
    adjusted: dict[str, str] = {}
    text = HEAD
    for example in _examples():
        text += _shown(example)
        values |= example["values"]
        adjusted |= example.get("adjusted", {})
    for group in grouped():
        text += f"## {group.label}\n"
        text += (
            "".join(
                _card(measure, values[measure.key], adjusted.get(measure.key)) for measure in group.measures
            )
            + "\n"
        )
    return text.rstrip() + "\n"


def _examples() -> list[dict[str, Any]]:
    """The example of the loop, and those of the modules that the place uses."""
    folders: list[Path] = [DATA, *(one.measures for one in modules.used() if one.measures)]
    paths = [folder / "example.toml" for folder in folders]
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


# The example -------------------------------------------------------------------------------------------------------


def _shown(example: Mapping[str, Any]) -> str:
    title = "十一件案件" if "cases" in example else "三个哨单"
    text = f"## 算例：{title}\n\n时期 {example['begin']} 至 {example['end']}，整个区；“现状”看 {example['now']}。\n\n"
    if "cases" in example:
        text += "| 件 | 来源 | 闭环 | 是什么 | 经过 | 各轮处置的截止 |\n|---|---|---|---|---|---|\n"
        for number, row in enumerate(example["cases"], 1):
            source, loop = Case.Source(row["source"]).label, Loop(row["loop"]).label
            due = "、".join(row["handling_due"]) or "—"
            text += f"| {number} | {source} | {loop} | {row['words']} | {_life(row['steps'])} | {due} |\n"
    else:
        text += "| 哨 | 是什么 | 经过 |\n|---|---|---|\n"
        for number, row in enumerate(example["whistles"], 1):
            steps = sorted([*row["steps"], *row["case_steps"]])
            text += f"| {number} | {row['words']} | {_life(steps, example['labels'])} |\n"
    if excluded := example.get("excluded"):
        ground = Exclusion.Ground(excluded["ground"]).label
        text += f"\n第 {excluded['case']} 件已剔除，事由“{ground}”：{excluded['words']}数到它的率，算例里另写“剔除后”。\n"
    return f"{text}\n后台到点检查：{'、'.join(example['sweeps'])}。{example['note']}\n\n"


def _life(steps: list[list[Any]], labels: Mapping[str, str] | None = None) -> str:
    """``11-16 09:00 上报 → 09:20 立案``: the day stands where it changes."""
    parts, day = [], ""
    for time, move, *more in steps:
        date, hour = time.split()
        names = [one for one in more if isinstance(one, str)]
        label = (labels or {}).get(move) or MOVES[move].label
        given = more[-1].get("unit") or more[-1].get("call") if more and isinstance(more[-1], dict) else ""
        who = f"（{'、'.join(filter(None, [*names, given]))}）" if names else ""
        parts.append(f"{hour if date == day else time} {label}{who}")
        day = date
    return " → ".join(parts)


# The cards ---------------------------------------------------------------------------------------------------------


def _card(measure: Measure, value: str, adjusted: str | None) -> str:
    lines = [
        f"\n### {measure.label}\n",
        f"`{measure.key}`，第 {measure.version} 版，{measure.valid_from} 起。{measure.words}\n",
    ]
    said = {
        "无数据": measure.lacks,
        "分子": _counted(measure.numerator_words, measure.numerator),
        "分母": _counted(measure.denominator_words, measure.denominator) + _apart(measure.by_row),
        **{
            f"可选分母·{one.label}": _counted(one.words, one.denominator) + _apart(one.by_row)
            for one in measure.alternatives
        },
        "单位": f"{measure.unit}，{DIRECTIONS[measure.direction]}",
        "两条线": thresholds(measure),
        "出处": measure.source,
        "偏差": measure.bias,
        "责任": measure.owner,
        "一起看": "、".join(every_measure()[key].label for key in measure.beside),
        "算例": _worked(measure, value) + (f"；剔除后 {_worked(measure, adjusted)}" if adjusted else ""),
    }
    if not measure.is_ratio:
        del said["分母"]
    lines += [f"- {name}：{words}" for name, words in said.items() if words]
    return "\n".join(lines) + "\n"


def thresholds(measure: Measure) -> str:
    """Both lines with what lies beyond them, and why; nothing where there are none."""
    if not measure.thresholds:
        return ""
    good, bad = measure.thresholds
    ends = ("以上", "以下") if measure.direction == "up" else ("以下", "以上")
    unit = measure.unit
    return f"{good:g}{unit} {ends[0]}为好，{bad:g}{unit} {ends[1]}为差。{measure.threshold_words}"


def in_words(formula: Formula) -> str:
    """A formula with the labels of its counters or stocks."""
    known: dict[str, Any] = {**counters(), **stocks()}
    return re.sub(r"[a-z_][a-z0-9_]*", lambda found: f"“{known[found[0]].label}”", formula.text)


def _counted(words: str, formula: Formula | None) -> str:
    return f"{words}（{in_words(formula)}）" if formula and formula.counters else words


def _apart(by_row: bool) -> str:
    return "" if by_row else "；分子不是从分母里逐件挑出来的，两者各数各的"


def _worked(measure: Measure, value: str) -> str:
    if not measure.is_ratio or "/" not in value:
        return value if measure.lacks else f"{value} {measure.unit}"
    above, below = (float(one) for one in value.split(" / "))
    if not below:
        return f"{value}，无数据"
    times = 100 if measure.unit == "%" else 1
    return f"{value} ＝ {above / below * times:.1f}{'' if measure.unit == '%' else ' '}{measure.unit}"
