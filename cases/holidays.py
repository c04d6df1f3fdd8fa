"""The yearly notice 关于部分节假日安排的通知, or rows of dates, read into days; whatever is not understood is named."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from cases.deadlines import is_weekday

#: What a complete year has; a notice without one of them is perhaps not all of it.
HOLIDAYS = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
LONGEST_TEXT = 20_000
LONGEST_HOLIDAY = 20
WEEKDAYS = "一二三四五六日"

_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_TITLE_YEAR = re.compile(r"(?:关于|现将)\s*(\d{4})\s*年")
_ITEM = re.compile(r"^\s*[一二三四五六七八九十]+、\s*([^:。]{1,20}):")
_ITEMS = re.compile(r"(?=(?<![十\w])[一二三四五六七八九十]{1,3}、\s*[^:。]{1,20}:)")
_SENTENCES = re.compile(r"[。;]")
#: Sentences that name days without arranging them: 鼓励各单位 … 安排职工在除夕（2月9日）休息.
_ADVICE = re.compile(r"鼓励|建议|带薪|值班|妥善安排")
_TOKEN = re.compile(
    r"(?:(?P<year>\d{4})\s*年\s*)?(?:(?P<month>\d{1,2})\s*月\s*)?(?<!\d)(?P<day>\d{1,2})\s*日"
    r"(?:[\s,]*(?:周|星期)(?P<weekday>[一二三四五六日天]))?"
    r"|(?P<off>放假调休|调休放假|放假|补休|休息|(?<![\u4e00-\u9fff])休(?![\u4e00-\u9fff]))"
    r"|(?P<working>补班|上班|(?<![\u4e00-\u9fff])班(?![\u4e00-\u9fff]))"
    r"|(?:共\s*)?(?P<count>\d{1,2})\s*天"
)
_RANGE = re.compile(r"[\s,]*[至到~—–―-]+\s*")


@dataclass(frozen=True)
class Day:
    """What an arrangement says of a day."""

    is_working: bool
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """A line that was not understood, or cannot be right; ``line`` counts from 1, 0 is the whole text."""

    line: int
    text: str
    sentence: str


@dataclass
class Reading:
    """The days of a text in their order, what is wrong with it, and what may have been forgotten."""

    year: int
    days: dict[dt.date, Day] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class _NotUnderstood(Exception):
    """The argument is a sentence for people."""


def read_notice(text: str, year: int) -> Reading:
    """Read the text of a notice, or rows of ``2027-01-01 放假 元旦``, as the arrangement of a year."""
    reading = Reading(year)
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        for part in _ITEMS.split(_plain(line)):
            try:
                name = _read_part(part, name, reading)
            except _NotUnderstood as problem:
                reading.problems.append(Problem(number, line.strip()[:120], str(problem)))
    reading.days = dict(sorted(reading.days.items()))
    if not reading.days and not reading.problems:
        reading.problems.append(
            Problem(0, "", "没有看到任何日期。请粘贴通知全文，或每行写一天：2027-01-01 放假 元旦。")
        )
    notes = "".join(day.note for day in reading.days.values())
    reading.missing = [holiday for holiday in HOLIDAYS if holiday not in notes]
    return reading


def _plain(line: str) -> str:
    """Half-width, ISO dates as Chinese ones, of brackets only the weekday."""
    plain = unicodedata.normalize("NFKC", line)
    plain = _ISO.sub(r"\1年\2月\3日", plain)

    def weekday(brackets: re.Match[str]) -> str:
        found = _WEEKDAY.search(brackets[1])
        return f" {found[0]}" if found else ""

    return _BRACKETS.sub(weekday, plain)


def _read_part(part: str, name: str, reading: Reading) -> str:
    """Read one item of the notice, or a line without a heading; returns the holiday it speaks of."""
    if (title := _TITLE_YEAR.search(part)) and int(title[1]) != reading.year:
        raise _NotUnderstood(f"这是 {title[1]} 年的安排，上面选的是 {reading.year} 年。")
    item = _ITEM.match(part)
    body = part
    if item:
        name, body = item[1].strip(), part[item.end() :]
    understood = [_read_sentence(sentence, name, reading) for sentence in _SENTENCES.split(body)]
    if item and not any(understood):
        raise _NotUnderstood("这一项没有看懂：没有“几月几日放假”或“上班”。")
    return name


def _read_sentence(sentence: str, name: str, reading: Reading) -> bool:
    """Read the days of a sentence; tells whether there were any."""
    if _ADVICE.search(sentence):
        return False
    pending: list[dt.date] = []
    said = 0
    off = 0  # days of the holiday that was just read
    last_end = 0
    tokens = list(_TOKEN.finditer(sentence))
    for token in tokens:
        between = sentence[last_end : token.start()]
        last_end = token.end()
        if token["day"]:
            day = _date(
                token, pending, name, reading.year, is_end=bool(pending and _RANGE.fullmatch(between))
            )
            if pending and _RANGE.fullmatch(between):
                pending += _up_to(pending[-1], day)
            else:
                pending.append(day)
        elif token["count"]:
            if off and int(token["count"]) != off:
                raise _NotUnderstood(f"写作 {token['count']} 天，数出来是 {off} 天。")
        elif pending:
            is_working = bool(token["working"])
            note = _note(name, sentence[token.end() :], is_working)
            for day in pending:
                _say(reading, day, Day(is_working, note))
            said += len(pending)
            off = 0 if is_working else len(pending)
            pending = []
    if pending and not _is_date_alone(sentence, tokens):
        raise _NotUnderstood("没有写明放假还是上班。")
    return bool(said)


def _date(token: re.Match[str], pending: list[dt.date], name: str, year: int, *, is_end: bool) -> dt.date:
    before = pending[-1] if pending else None
    month = int(token["month"]) if token["month"] else before.month if before else 0
    if not month:
        raise _NotUnderstood(f"“{token[0].strip()}”没有写月份。")
    if token["year"]:
        year = int(token["year"])
    elif before is not None:
        year = before.year + (is_end and month < before.month)
    elif "元旦" in name and month == 12:
        year -= 1
    try:
        day = dt.date(year, month, int(token["day"]))
    except ValueError:
        raise _NotUnderstood(f"没有 {year} 年 {month} 月 {token['day']} 日这一天。") from None
    if (weekday := token["weekday"]) and WEEKDAYS[day.weekday()] != weekday.replace("天", "日"):
        raise _NotUnderstood(f"{day:%Y-%m-%d} 写作周{weekday}，实际是周{WEEKDAYS[day.weekday()]}。")
    return day


def _up_to(first: dt.date, last: dt.date) -> list[dt.date]:
    length = (last - first).days
    if not 0 < length < LONGEST_HOLIDAY:
        raise _NotUnderstood(f"从 {first:%Y-%m-%d} 到 {last:%Y-%m-%d} 不像一次放假。")
    return [first + dt.timedelta(days=ahead) for ahead in range(1, length + 1)]


def _say(reading: Reading, day: dt.date, said: Day) -> None:
    if not dt.date(reading.year - 1, 12, 1) <= day <= dt.date(reading.year + 1, 1, 31):
        raise _NotUnderstood(f"{day:%Y-%m-%d} 不在 {reading.year} 年的安排之内。")
    earlier = reading.days.get(day)
    if earlier is not None and earlier.is_working != said.is_working:
        raise _NotUnderstood(f"{day:%Y-%m-%d} 前面写的是{'上班' if earlier.is_working else '放假'}。")
    reading.days.setdefault(day, said)


def _note(name: str, rest: str, is_working: bool) -> str:
    """The holiday of the item, or what a row says behind the word."""
    if name:
        return f"{name}调休上班"[:40] if is_working else name[:40]
    return rest.strip(" ,\t|、:")[:40]


def _is_date_alone(sentence: str, tokens: list[re.Match[str]]) -> bool:
    """Whether a sentence is nothing but a date, as at the foot of a letter."""
    return len(tokens) == 1 and not (sentence[: tokens[0].start()] + sentence[tokens[0].end() :]).strip()


def lines_of(days: dict[dt.date, Day]) -> Iterator[dict[str, object]]:
    """The days as a page shows them: date, weekday, what is said, whether it differs from the week."""
    for day, said in days.items():
        yield {
            "day": day,
            "weekday": f"周{WEEKDAYS[day.weekday()]}",
            "is_working": said.is_working,
            "note": said.note,
            "is_ordinary": said.is_working == is_weekday(day),
        }
