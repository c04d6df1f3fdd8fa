"""The list behind a number as a file: what the number is, and the rows that it counts."""

import io
from collections.abc import Iterable, Sequence

from cases.clocks import stamp
from cases.workflow import Lateness
from dashboard.counted import CountedList, Line
from records.sheet import Columns, Part, Rows, book

HEAD: Columns = (("项目", 14), ("内容", 90))
ROWS: Columns = (
    ("编号", 18), ("事项", 40), ("哪里", 40), ("状态", 10), ("时限", 8), ("计数项", 24), ("计入时间", 16), ("计入数", 8),
)  # fmt: skip
OUT_OF_SIGHT = "您看不到这条记录"


def of_counted(
    found: CountedList, number: int, lines: Iterable[Line], *, asked_by: str, notes: Sequence[str]
) -> io.BytesIO:
    """A workbook of two sheets: the number with its definition, and its lines."""
    file, _ = book(
        [Part("说明", HEAD, _head(found, number, asked_by), notes), Part("清单", ROWS, map(_cells, lines))]
    )
    return file


def _head(found: CountedList, number: int, asked_by: str) -> Rows:
    measure, chosen = found.measure, found.chosen
    yield "指标", measure.label
    yield "定义", measure.words
    yield "版本", f"第 {measure.version} 版，{measure.valid_from} 起"
    yield "清单所列", found.part.words
    yield "条数", f"{number:,}"
    if not found.part.is_number_of_rows:
        yield "算式", f"{found.part.formula.text}（由各条算出，不等于条数）"
    if adjusted := found.adjusted:
        yield (
            "剔除后",
            f"{adjusted.figure.words}，剔除 {len(adjusted.cases):,} 件；清单是原值的，剔除的也在其中",
        )
    yield "地方", chosen.place.name
    if measure.is_now:
        yield "时间", "此刻"
    else:
        yield "时间", f"{chosen.period_words}（{chosen.period.begin} 至 {chosen.period.end}）"
    yield "筛选", "；".join(found.narrowed) or "无"
    yield "数据截至", stamp(found.now)
    yield "导出人", asked_by


def _cells(line: Line) -> list[str]:
    counted = [line.counter, stamp(line.at) if line.at else "", str(line.amount)]
    if (one := line.record) is None:
        return ["", OUT_OF_SIGHT, "", "", "", *counted]
    return [one.number, one.title, one.where, one.state, Lateness(one.lateness).label, *counted]
