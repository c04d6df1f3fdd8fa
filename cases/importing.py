"""Read categories, the responsibility list and the calendar, again and again, and say what changed."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import chinese_calendar
from chinese_calendar.constants import Holiday
from django.db import transaction
from django.db.models import Max
from pypinyin import Style, lazy_pinyin

from cases.actions import timekeeping
from cases.deadlines import is_weekday
from cases.models import Category, CategoryWord, Responsibility, WorkDay, WorkingHours
from cases.models.catalogue import LIMITED
from governance.importing import Changes, read_csv, synchronize
from governance.models import Level, Organization

FOLDER = Path(__file__).parent / "data"
CATEGORIES = (FOLDER / "categories.csv", FOLDER / "local_categories.csv")
WORDS = FOLDER / "category_words.csv"
RESPONSIBILITIES = FOLDER / "responsibilities.csv"

#: The list holds from here on when it comes in for the first time, so that history can be walked under it.
FIRST_VALID = dt.date(2020, 1, 1)
PUBLISHED_YEARS = (2024, 2025, 2026)


def initials_of(name: str) -> str:
    """First letters of the pinyin of a name: 暴露垃圾 → BLLJ."""
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return "".join(letter for letter in letters if letter.isalnum()).upper()


@transaction.atomic
def import_categories(*, paths: Iterable[Path] = CATEGORIES) -> Changes:
    """Bring the catalogue in line with the files; a category that left its edition is no longer offered."""
    changes = Changes("案件类别")
    wanted = {}
    for path in paths:
        for row in read_csv(path):
            key = (row["edition"], row["kind"], row["code"])
            wanted[key] = {
                "edition": row["edition"],
                "kind": row["kind"],
                "code": row["code"],
                "class_name": row["class_name"],
                "name": row["name"],
                "initials": initials_of(row["name"]),
                "source": row["note"],
                "is_active": True,
            }
    editions = {edition for edition, _, _ in wanted}
    existing = {(c.edition, c.kind, c.code): c for c in Category.objects.filter(edition__in=editions)}
    synchronize(changes, Category, wanted, existing)
    gone = [category for key, category in existing.items() if key not in wanted and category.is_active]
    Category.objects.filter(pk__in=[category.pk for category in gone]).update(is_active=False)
    changes.ended += [str(category) for category in gone]
    return changes


@transaction.atomic
def import_words(*, path: Path = WORDS) -> Changes:
    """Add the everyday words of a file to the categories; what was added or switched off here stays as it is."""
    changes = Changes("常用说法")
    categories = {(c.edition, c.kind, c.code): c for c in Category.objects.all()}
    known = set(CategoryWord.objects.values_list("category", "word"))
    has_words = {category for category, _ in known}
    fresh, common = [], []
    for row in read_csv(path):
        category = categories[row["edition"], row["kind"], row["code"]]
        if category.pk not in has_words:
            category.everyday = int(row["everyday"])
            common.append(category)
        words = [word for word in row["words"].split() if (category.pk, word) not in known]
        changes.unchanged += len(row["words"].split()) - len(words)
        fresh += [
            CategoryWord(category=category, word=word, origin=CategoryWord.Origin.IMPORTED) for word in words
        ]
    Category.objects.bulk_update(common, ["everyday"], batch_size=500)
    CategoryWord.objects.bulk_create(fresh, batch_size=1000)
    changes.created += [f"{one.category}：{one.word}" for one in fresh]
    return changes


def _content(row: dict[str, str]) -> dict:
    """What a row of the list says, in columns of the table."""
    return {
        "lead": row["lead"],
        "helpers": [helper for helper in row["helpers"].split(";") if helper],
        "power": row["power"],
        "registering_condition": row["registering_condition"],
        "closing_condition": row["closing_condition"],
        "limits": {step: row[step] for step in LIMITED},
        "remote_verification": row["remote_verification"] == "1",
        "basis": row["basis"],
    }


@transaction.atomic
def import_responsibilities(
    *, on: dt.date, valid_from: dt.date | None = None, path: Path = RESPONSIBILITIES
) -> Changes:
    """Bring the responsibility list in line with the file.

    A row that changed becomes a new version, valid from ``valid_from`` or else ``on``; the old version stays for the
    cases that were registered under it. Raises ``KeyError`` for a category that is not in the catalogue.
    """
    changes = Changes("权责清单")
    categories = {(c.edition, c.kind, c.code): c for c in Category.objects.all()}
    current = {
        (row.category_id, row.condition, row.loop): row
        for row in Responsibility.objects.current().select_related("category")
    }
    newest = {
        (category, condition, loop): version
        for category, condition, loop, version in Responsibility.objects.values_list(
            "category", "condition", "loop"
        ).annotate(Max("version"))
    }
    seen, outdated, fresh = set(), [], []
    for line in read_csv(path):
        category = categories[line["edition"], line["kind"], line["code"]]
        key = (category.pk, line["condition"], line["loop"])
        seen.add(key)
        content, existing = _content(line), current.get(key)
        if existing is not None and all(getattr(existing, name) == value for name, value in content.items()):
            changes.unchanged += 1
            continue
        version = newest.get(key, 0) + 1
        start = valid_from or (FIRST_VALID if version == 1 else on)
        row = Responsibility(
            category=category, condition=key[1], loop=key[2], version=version, valid_from=start, **content
        )
        fresh.append(row)
        (changes.changed if existing else changes.created).append(str(row))
        if existing:
            outdated.append((existing, start))
    gone = [(row, valid_from or on) for key, row in current.items() if key not in seen]
    for row, until in (*outdated, *gone):
        row.is_current, row.valid_until = False, until
    Responsibility.objects.bulk_update(
        [row for row, _ in (*outdated, *gone)], ["is_current", "valid_until"], batch_size=500
    )
    Responsibility.objects.bulk_create(fresh, batch_size=1000)
    changes.ended += [str(row) for row, _ in gone]
    return changes


def calendar_exceptions(years: Iterable[int]) -> dict[dt.date, tuple[bool, str]]:
    """Days that differ from their weekday: whether they are worked, and the holiday in Chinese."""
    chinese = {holiday.value: holiday.chinese for holiday in Holiday}
    exceptions = {}
    for year in years:
        day = dt.date(year, 1, 1)
        while day.year == year:
            is_off, name = chinese_calendar.get_holiday_detail(day)
            if is_off == is_weekday(day):
                label = chinese.get(name or "", "")
                exceptions[day] = (not is_off, label if is_off else f"{label}调休上班")
            day += dt.timedelta(days=1)
    return exceptions


@transaction.atomic
def import_workdays(*, now: dt.datetime, years: Iterable[int] = PUBLISHED_YEARS) -> list[Changes]:
    """Bring holidays and make-up workdays of published years in line and declare the years complete.

    Gives each district its office hours once; open legs that were counted across a changed day are counted again.
    """
    years = tuple(years)
    days, hours = Changes("节假日与调休"), Changes("工作时段")
    wanted = {
        day: {"day": day, "is_working": is_working, "note": note}
        for day, (is_working, note) in calendar_exceptions(years).items()
    }
    existing = {row.day: row for row in WorkDay.objects.filter(day__year__in=years)}
    worked = {day: row.is_working for day, row in existing.items()}
    synchronize(days, WorkDay, wanted, existing)
    gone = [row for day, row in existing.items() if day not in wanted and not _belongs_to_next_year(day)]
    WorkDay.objects.filter(pk__in=[row.pk for row in gone]).delete()
    days.ended += [str(row) for row in gone]
    moved = [day for day, row in wanted.items() if worked.get(day, is_weekday(day)) != row["is_working"]]
    moved += [row.day for row in gone if row.is_working != is_weekday(row.day)]
    words = f"程序所带 {'、'.join(map(str, years))} 年安排"
    for year in timekeeping.declare_years(years, words=words, by=None, now=now):
        moved += [dt.date(year, 1, 1), dt.date(year, 12, 31)]
    timekeeping.changed(moved, words=words, by=None, now=now)
    for district in Organization.objects.territories(Level.DISTRICT):
        # Whoever set other hours by hand keeps them.
        _, is_new = WorkingHours.objects.get_or_create(district=district, valid_from=FIRST_VALID)
        hours.created += [str(district)] if is_new else []
        hours.unchanged += not is_new
    return [days, hours]


def _belongs_to_next_year(day: dt.date) -> bool:
    """New Year's arrangement may begin in the last days of the year before, whose own notice is silent about them."""
    return (day.month, day.day) >= (12, 25)
