"""The plan of the demo year: every case that is to be made, drawn from the shape in ``demo/year.py``; no database."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from cases.deadlines import SHANGHAI
from demo.hours import DAY
from demo.outsiders import Kind, sees
from demo.words import TOPICS, Topic, often
from demo.year import (
    AT_NIGHT,
    BY_DAY,
    BY_NIGHT,
    EVERYDAY,
    GROWTH,
    OUTSIDE,
    OVERLOOKED,
    REPEATS,
    STORM,
    WEEKDAYS,
)

SEED = 20262
DAYS = 365
#: What is made first: the days that pages look at, then the storm, then what the former are compared with.
RECENT, COMPARED = 30, 61
#: The rest is made in so many rounds through the year, so that no month waits for the end.
ROUNDS = 4


class Part(StrEnum):
    """Why a case is in the plan."""

    EVERYDAY = "everyday"
    STORM = "storm"
    GROWTH = "growth"
    REPEAT = "repeat"
    PATROL = "patrol"  # the worker of the overlooked grid was there that day
    OVERLOOKED = "overlooked"


@dataclass(frozen=True)
class Planned:
    """A case to make: when and in which grid (code) what is reported, and by whom if by nobody with a post."""

    at: dt.datetime
    topic: Topic
    grid: str
    part: Part = Part.EVERYDAY
    by: Kind | None = None
    address: str = ""  # the spot, where it is one of several times
    not_before: dt.datetime | None = None


class Drawing:
    """Draws the year before a day; the same day and grids (how often something happens by code) give the same plan."""

    def __init__(self, day: dt.date, grids: dict[str, float]) -> None:
        self.day = day
        self.grids, self.weights = list(grids), list(grids.values())
        self.random = Random(f"{SEED} {day}")
        self.days = [day - DAY * ago for ago in range(DAYS, 0, -1)]

    def plan(self) -> list[Planned]:
        """All cases of the year, by time."""
        parts = (self.everyday(), self.storm(), self.growth(), self.repeats(), self.overlooked())
        return sorted((one for part in parts for one in part), key=lambda one: one.at)

    def everyday(self) -> Iterator[Planned]:
        usual = [[often(topic, day) for topic in TOPICS] for day in self.days]
        busy = [sum(row) * WEEKDAYS[day.weekday()] for row, day in zip(usual, self.days, strict=True)]
        for number in self.random.choices(range(DAYS), busy, k=EVERYDAY):
            topic = self.random.choices(TOPICS, usual[number])[0]
            grid = self.random.choices(self.grids, self.weights)[0]
            yield Planned(self.moment(self.days[number], topic), topic, grid, by=self.outsider(topic))

    def storm(self) -> Iterator[Planned]:
        topics = [topic for topic in TOPICS if topic.only == STORM.name]
        within = {code: weight for code, weight in self.by_code() if code.startswith(STORM.streets)}
        usual = EVERYDAY / DAYS * sum(within.values()) / sum(self.weights)
        days = [self.ago(STORM.days_ago - number) for number in range(STORM.days)]
        for _ in range(round(usual * (STORM.times - 1) * STORM.days)):
            topic = self.random.choices(topics, [topic.weight for topic in topics])[0]
            at = self.at(self.random.choice(days), self.random.uniform(0, 24))
            over = dt.datetime.combine(days[-1] + DAY, dt.time(8), SHANGHAI)
            later = over + STORM.worked_off * DAY * self.random.random()
            not_before = None if self.random.random() < STORM.at_once else later
            by = Kind.RESIDENT if self.random.random() < 0.3 else None
            (grid,) = self.random.choices(list(within), list(within.values()))
            yield Planned(at, topic, grid, Part.STORM, by, not_before=not_before)

    def growth(self) -> Iterator[Planned]:
        topic = self.topic(GROWTH.category)
        for weeks_ago, number in enumerate(reversed(GROWTH.weeks)):
            for _ in range(number):
                day = self.ago(7 * weeks_ago + self.random.randint(1, 7))
                yield Planned(
                    self.moment(day, topic),
                    topic,
                    self.grid_in(GROWTH.community),
                    Part.GROWTH,
                    self.outsider(topic),
                )

    def repeats(self) -> Iterator[Planned]:
        for place in REPEATS:
            topic = self.topic(place.category)
            for days in place.days_ago:
                at = self.moment(self.ago(days), topic)
                yield Planned(at, topic, place.grid, Part.REPEAT, self.outsider(topic), place.address)

    def overlooked(self) -> Iterator[Planned]:
        """The worker is there in the morning; what he passed by is reported later on the same day."""
        seen, passed_by = self.topic(OVERLOOKED.seen), [self.topic(one) for one in OVERLOOKED.passed_by]
        days = self.random.sample(range(1, 7 * OVERLOOKED.weeks), OVERLOOKED.days)
        for day in map(self.ago, days):
            yield Planned(self.at(day, self.random.uniform(9, 11)), seen, OVERLOOKED.grid, Part.PATROL)
            at, topic = self.at(day, self.random.uniform(13, 20)), self.random.choice(passed_by)
            by = self.random.choice((Kind.RESIDENT, Kind.RESIDENT, Kind.CALLER))
            yield Planned(at, topic, OVERLOOKED.grid, Part.OVERLOOKED, by)

    # When, where, who ---------------------------------------------------------------------------------------------

    def by_code(self) -> Iterator[tuple[str, float]]:
        yield from zip(self.grids, self.weights, strict=True)

    def grid_in(self, prefix: str) -> str:
        return self.random.choice([code for code in self.grids if code.startswith(prefix)])

    def topic(self, category: str) -> Topic:
        return next(topic for topic in TOPICS if topic.category == category and not topic.only)

    def ago(self, days: int) -> dt.date:
        return self.day - DAY * days

    def at(self, day: dt.date, hour: float) -> dt.datetime:
        """To the microsecond, so that no two cases are of the same time."""
        micros = int(hour * 3_600_000_000)
        return dt.datetime.combine(day, dt.time(), SHANGHAI) + dt.timedelta(microseconds=micros)

    def moment(self, day: dt.date, topic: Topic) -> dt.datetime:
        hours: Sequence[int] = BY_NIGHT if topic.category in AT_NIGHT else BY_DAY
        (hour,) = self.random.choices(range(24), hours)
        return self.at(day, hour + self.random.random())

    def outsider(self, topic: Topic) -> Kind | None:
        """Who reports without a post, now and then."""
        kinds = [*map(Kind, OUTSIDE), None]
        (kind,) = self.random.choices(kinds, [*OUTSIDE.values(), 100 - sum(OUTSIDE.values())])
        return kind if kind and sees(kind, topic) else None


def in_order(plan: list[Planned], day: dt.date) -> list[Planned]:
    """As they are to be made: the last month, the storm, the month before, then back through the year in rounds."""
    begin = dt.datetime.combine(day, dt.time(), SHANGHAI)

    def turn(number: int, one: Planned) -> int:
        days = -((one.at - begin) // DAY)
        if days <= RECENT:
            return 0
        if one.part == Part.STORM:
            return 1
        return 2 if days <= COMPARED else 3 + number % ROUNDS

    mixed = Random(SEED).sample(range(len(plan)), len(plan))
    turns = [(turn(number, one), one) for number, one in enumerate(plan)]
    recent = [turns[number][1] for number in mixed if turns[number][0] == 0]
    later = sorted((pair for pair in turns if pair[0]), key=lambda pair: (pair[0], -pair[1].at.timestamp()))
    return recent + [one for _, one in later]
