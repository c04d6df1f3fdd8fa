"""Whistles as files: the list, and one whistle with all its parts."""

import datetime as dt
import io

from cases.clocks import due_stamp, stamp
from cases.workflow import Lateness
from governance.models import User
from partybuilding.filters import for_list
from partybuilding.models import Whistle
from partybuilding.reading import Reading
from partybuilding.workflow import CLOCKED, Demand, State
from records.sheet import Columns, Part, Rows, book

LIST: Columns = (
    ("编号", 16), ("哨种", 14), ("状态", 10), ("事项", 18), ("地点", 30), ("街道", 12), ("吹哨方", 14), ("吹哨", 16), ("情形", 14),
    ("需要什么", 30), ("牵头单位", 22), ("召集单位数", 10), ("已报到", 8), ("已办结", 8), ("最近截止", 16), ("时限", 8), ("结案", 16),
)  # fmt: skip
CALLED: Columns = (
    ("单位", 24), ("牵头", 6), ("状态", 10), ("召集", 16), ("签收", 16), ("联系", 16), ("报到", 16), ("办结", 16), ("各环节时限", 60), ("召集理由", 40),
    ("其他", 50),
)  # fmt: skip
CAME: Columns = (
    ("单位", 24),
    ("人员", 12),
    ("方式", 8),
    ("距现场（米）", 12),
    ("报到", 16),
    ("手机时间", 16),
    ("离场", 16),
    ("提前离场", 10),
)
TASKS: Columns = (
    ("任务", 40),
    ("单位", 24),
    ("经办人", 12),
    ("期限", 16),
    ("完成", 16),
    ("完成人", 12),
    ("转成的案件", 18),
)
SCORES: Columns = (("单位", 24), ("哪一方", 14), ("评价", 50), ("评价人", 12), ("时间", 16))
STORY: Columns = (("时间", 16), ("动作", 14), ("办理人", 12), ("事实", 60), ("说明", 60))


def _at(moment: dt.datetime | None) -> str:
    return stamp(moment) if moment else ""


def rows_of(user: User, ids: list[int]) -> list[list[str]]:
    """Rows of the list as a file: some whistles in the order of their ids, those that the person sees."""
    visible = Whistle.objects.visible_to(user).filter(pk__in=ids)
    found = {whistle.pk: whistle for whistle in for_list(visible)}
    return [_cells(found[pk]) for pk in ids if pk in found]


def _cells(whistle: Whistle) -> list[str]:
    runs = whistle.state in CLOCKED
    return [
        whistle.number,
        whistle.label,
        State(whistle.state).label,
        whistle.category.name,
        whistle.address,
        whistle.street.name if whistle.street else "",
        whistle.side.name,
        _at(whistle.blown_at),
        whistle.get_source_display(),
        "、".join(Demand(one).label for one in whistle.demands),
        whistle.lead_name or "",
        str(whistle.called or 0),
        str(whistle.came or 0),
        str(whistle.finished or 0),
        due_stamp(whistle.due_at) if runs else "",
        Lateness(whistle.lateness).label if runs else "",
        _at(whistle.closed_at),
    ]


def of_whistle(reading: Reading, notes: list[str]) -> io.BytesIO:
    """One whistle with all its parts, a sheet each."""
    whistle = reading.whistle
    facts = [
        ("编号", whistle.number),
        ("哨种", whistle.label),
        ("状态", reading.state.label),
        ("案件", whistle.case.number),
        ("事项", whistle.category.name),
        ("地点", " ".join(filter(None, (whistle.street and whistle.street.name, whistle.address)))),
        ("情形", f"{whistle.get_source_display()} {whistle.source_note}".strip()),
        ("需要什么", "、".join(reading.demands)),
        ("需求说明", reading.words),
        ("提出", f"{whistle.asked_by.name} {_at(whistle.asked_at)}" if whistle.asked_by else ""),
        (
            "吹哨",
            f"{whistle.side.name} {whistle.blown_by.name} {_at(whistle.blown_at)}"
            if whistle.blown_by
            else "",
        ),
        *((f"{label}时限", limit) for label, limit in reading.limits),
        ("依据", whistle.rule["basis"]),
        ("处置完毕", _at(whistle.settled_at)),
        ("结案", _at(whistle.closed_at)),
    ]
    file, _ = book(
        [
            Part("哨单", (("项目", 14), ("内容", 80)), facts, notes),
            Part("召集单位", CALLED, _called(reading)),
            Part("现场报到", CAME, _came(reading)),
            Part("任务", TASKS, _tasks(reading)),
            Part("互评", SCORES, _scores(reading)),
            Part("经过", STORY, _story(reading)),
        ]
    )
    return file


def _called(reading: Reading) -> Rows:
    for row in reading.rows:
        call = row.call
        stamps = (call.called_at, call.signed_at, call.contacted_at, call.arrived_at, call.finished_at)
        steps = "；".join(f"{step.label} {step.words} {step.note}".strip() for step in row.steps)
        yield [
            call.unit.name,
            "是" if call.is_lead else "",
            row.state.label,
            *map(_at, stamps),
            steps,
            call.why,
            "；".join(row.notes),
        ]


def _came(reading: Reading) -> Rows:
    for row in reading.rows:
        for one in row.arrivals:
            far = "" if one.distance is None else str(one.distance)
            early = "是" if one.left_early else ""
            proof = one.get_proof_display()
            times = map(_at, (one.came_at, one.claimed_at, one.left_at))
            yield [row.call.unit.name, one.person.name, proof, far, *times, early]


def _tasks(reading: Reading) -> Rows:
    for task in reading.tasks:
        who = task.done_by.name if task.done_by else ""
        case = task.case.number if task.case else ""
        named = task.person.name if task.person else ""
        yield [task.title, task.unit.name, named, due_stamp(task.deadline), _at(task.done_at), who, case]


def _scores(reading: Reading) -> Rows:
    for row in reading.rows:
        for score in row.scores:
            marks = "，".join(f"{name} {mark} 分" for name, mark in score.marks)
            yield [row.call.unit.name, score.get_side_display(), marks, score.by.name, _at(score.at)]


def _story(reading: Reading) -> Rows:
    for line in reversed(reading.lines):
        yield [_at(line["at"]), line["what"], line["who"], "；".join(line["facts"]), line["text"] or ""]
