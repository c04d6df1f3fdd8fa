"""The demo world: what people report and how it goes on, and what the site shows when it opens: every queue filled."""

import datetime as dt
import logging
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from random import Random

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.signals import pre_save
from django.utils import timezone

from cases.actions import Refused
from cases.models import Case, Category, Responsibility
from cases.workflow import STATES, Loop, State
from demo.hands import Hands, Nobody
from demo.hours import Hours, whole_calendar
from demo.life import Destiny, Missed, Script, Traits, Walker, acts_to, draw_traits
from demo.names import Names
from demo.outsiders import Kind, Outsider, outsider, sees
from demo.patrolling import is_patrol
from demo.photos import Album
from demo.planning import Part, Planned
from demo.positions import Place, Positions
from demo.words import Topic, Words
from demo.year import MODEL, MODEL_ODDS, SLOW, SLOW_ODDS, USUAL_ODDS, Odds
from governance.models import Notice, Outbox, User
from governance.roles import Duty
from grid.models import Grid, GridDuty
from partybuilding.addresses import PROPOSALS

log = logging.getLogger(__name__)

FIRST = 300
YEAR = dt.timedelta(days=365)
#: Five are promised; one more each, because now and then a case cannot be brought to the state it should be in.
A_CELL = 6
#: Every state somebody works on; the closed ones wait for their grade.
CELLS = [(state, loop) for state in STATES if STATES[state].step for loop in Loop]
ABANDONED, DUPLICATES, TODAY = 8, 8, 10
#: Checks that wait for the printed accounts, so that their phones have something to do.
CHECKS = (
    ("wangge", State.HANDLED),
    ("wangge", State.CHECKING),
    ("xuncha", State.HANDLED),
    ("jiandu", State.HANDLED),
    ("jiandu", State.CHECKING),
)
ENDINGS = ("decline", "withdraw", "void")
#: Cases of each kind of reporter without a post, half of them of the last days.
OUTSIDE, OUTSIDE_RECENT = 6, dt.timedelta(days=4)
#: Older notices are not delivered any more; those of the last days are still unread.
DELIVERED, UNREAD = dt.timedelta(days=14), dt.timedelta(days=2)
TRIES = 12

USUAL_CONDITION = "一般"
#: Whoever is on foot nearly always takes a picture.
ON_FOOT = (Case.Source.FIELD, Case.Source.PATROL)

Progress = Callable[[int, int], None]


@dataclass
class Job:
    """Something to make that begins at a time; ``again`` draws it anew when it missed."""

    at: dt.datetime
    make: Callable[[], list[uuid.UUID]]
    again: "Callable[[], Job] | None"


class Numbers:
    """Numbers for new cases, in a row from the coming one on."""

    def __init__(self, coming: int) -> None:
        self.coming = coming

    def take(self, at: dt.datetime) -> int | None:
        """The number of a case that is reported at a time; None leaves it to the database."""
        self.coming += 1
        return self.coming - 1


class FreeNumbers(Numbers):
    """Free numbers between existing cases; each case takes one that fits its time, while there are any."""

    def __init__(self) -> None:
        super().__init__(0)
        known = Case.objects.order_by("pk").values_list("pk", "reported_at")
        self.free = [
            (number, early) for (low, early), (high, _) in pairwise(known) for number in range(low + 1, high)
        ]

    def take(self, at: dt.datetime) -> int | None:
        place = bisect_right(self.free, at, key=lambda hole: hole[1]) - 1
        return self.free.pop(max(place, 0))[0] if self.free else None


@contextmanager
def numbered(numbers: Numbers) -> Iterator[None]:
    """Give cases their numbers in order of time, so that older cases have lower ones."""

    def number(sender, instance: Case, **_) -> None:
        if instance._state.adding and instance.pk is None:
            instance.pk = numbers.take(instance.reported_at)

    pre_save.connect(number, sender=Case)
    try:
        yield
    finally:
        pre_save.disconnect(number, sender=Case)


class World:
    """Everything that making cases needs, read once."""

    def __init__(self, now: dt.datetime, seed: int, album: Album) -> None:
        self.random = Random(seed)
        self.hours = Hours(self.random, whole_calendar())
        self.words = Words(self.random)
        self.positions = Positions(self.random)
        self.names = Names(self.random)
        self.album = album
        self.hands = Hands(self.random, album.take, self.words)
        self.walker = Walker(self.hands, self.random, now)
        self.go_on_to(now)
        topics = {topic.category for topic in self.words.topics}
        self.categories = {c.name: c for c in Category.objects.filter(name__in=topics)}
        rows = Responsibility.objects.current().filter(category__in=self.categories.values())
        self.rows = {(row.category_id, row.condition, row.loop): row for row in rows}
        self.duties: dict[int, list[tuple[str, int]]] = {}
        for grid, duty, user in GridDuty.objects.filter(ends_on=None).values_list("grid", "duty", "user"):
            self.duties.setdefault(grid, []).append((duty, user))

    def go_on_to(self, now: dt.datetime) -> None:
        """Everything happens until now."""
        self.now = self.walker.until = now

    # Reporting ------------------------------------------------------------------------------------------------

    def reporter(self, grid: Grid, at: dt.datetime) -> tuple[User, Case.Source]:
        """Who reports in a grid at a time, and how."""
        if self.random.random() < 0.16:
            return self.seat(grid), Case.Source.PHONE
        weights = {"worker": 12, "inspector": 3, "supervisor": 3, "helper": 2}
        staff = self.duties[grid.pk]
        duty, user = self.random.choices(staff, [weights[duty] for duty, _ in staff])[0]
        walks = duty != GridDuty.Duty.HELPER and is_patrol(at)
        return self.hands.user(user), Case.Source.PATROL if walks else Case.Source.FIELD

    def seat(self, grid: Grid) -> User:
        """Somebody at a desk who takes a call about a grid."""
        community = grid.community
        seats = [community.pk, community.parent_id, community.parent_id]
        return self.random.choice(self.hands.holding(Duty.INTAKE, self.random.choice(seats)))

    def report(
        self,
        topic: Topic,
        at: dt.datetime,
        *,
        self_handled: bool = False,
        like: Case | None = None,
        checker: User | None = None,
        among: Sequence[str] | None = None,
        place: Place | None = None,
        outsider: Outsider | None = None,
    ) -> Case:
        """A report about a topic at a place or somewhere (in grids that are named; where a checker is), or once more of a case.

        An outsider reports without a post; else somebody of the grid does, or the desk takes a call.
        """
        if like is not None:
            place = Place(like.grid, [like.longitude, like.latitude + 0.00001], like.address)
        elif place is None:
            place = self.positions.place(topic.spots, self.grids_of(checker) if checker else among)
        grid = place.grid
        by, source = self.reporter(grid, at)
        if outsider:
            by, source = outsider.by or self.seat(grid), outsider.source
        while by == checker or (like is not None and by.pk in like.reporters):
            by, source = self.reporter(grid, at)
        if self_handled:
            workers = [user for duty, user in self.duties[grid.pk] if duty == "worker"]
            if workers:
                by, source = self.hands.user(workers[0]), Case.Source.SELF
        category = self.categories[topic.category]
        given = {
            "position": place.position,
            "address": place.address,
            "category": category,
            "condition": topic.condition,
            "words": f"{outsider.says_first if outsider else ''}{place.address}，{self.random.choice(topic.found)}",
        }
        if source in (Case.Source.PHONE, Case.Source.RESIDENT):
            given["contact_name"] = self.names.draw()
            given["contact_phone"] = f"1380000{self.random.randint(0, 9999):04d}"
        elif outsider.has_picture if outsider else source in ON_FOOT and self.random.random() < 0.9:
            shown = {"position": place.position, "category": category.name}
            given["photos"] = [self.album.take(by=by, now=at, **shown)]
        answer = self.hands.report(by=by, now=at, given=given, source=source)
        self.words.reported[answer.uuid] = topic
        return Case.objects.select_related("grid__community").get(uuid=answer.uuid)

    def grids_of(self, user: User) -> list[str]:
        """Codes of the grids that a person covers."""
        return list(user.grid_duties.filter(ends_on=None).values_list("grid__code", flat=True))

    # Lives ----------------------------------------------------------------------------------------------------

    def moment(self, start: dt.datetime, end: dt.datetime) -> dt.datetime:
        """A moment between two, in the daytime more often than not."""
        found = start + (end - start) * self.random.random()
        if self.random.random() < 0.85:
            return min(self.hours.after(found, self.random.uniform(0, 3600)), end)
        return found

    def topic(self, at: dt.datetime, loop: Loop | None = None) -> Topic:
        """What people meet at a time."""
        return self.words.topic(timezone.localdate(at), loop)

    def odds(self, topic: Topic, grid: str) -> Odds:
        """How often something out of the ordinary happens: by who settles it, and by the street."""
        row = self.rows[self.categories[topic.category].pk, topic.condition, topic.loop]
        if row.lead == SLOW:
            return SLOW_ODDS
        return MODEL_ODDS if grid.startswith(MODEL) else USUAL_ODDS

    def planned(self, at: dt.datetime, kind: Kind | None = None) -> Planned:
        """A case of a time somewhere, of what people meet then; what one of a kind would report."""
        topic = self.topic(at)
        while kind and not sees(kind, topic):
            topic = self.topic(at)
        return Planned(at, topic, self.positions.code(), by=kind)

    def live(
        self, one: Planned, ending: str | None = None, *, says_more: bool | None = None
    ) -> list[uuid.UUID]:
        """One case from its report on, wherever it leads until now; ``says_more``: who reported asks again."""
        reporter = outsider(one.by, now=self.now, since=YEAR) if one.by else None
        traits = draw_traits(self.random, ending, self.odds(one.topic, one.grid))
        if one.not_before:
            traits = replace(traits, ending="settled", not_before=one.not_before)
        if reporter and traits.ending == "withdraw":  # a move of staff
            traits = replace(traits, ending="settled")
        if says_more is not None:
            traits = replace(traits, commented=says_more)
        is_seen_to = not reporter and traits.is_plain and self.random.random() < 0.3
        case = self.report(
            one.topic,
            one.at,
            self_handled=is_seen_to or one.part == Part.PATROL,
            among=[one.grid],
            place=self.positions.spot(one.grid, one.address) if one.address else None,
            outsider=reporter,
        )
        if reporter:
            reporter.is_known_from(case)
        self.walker.walk(case.uuid, Destiny(traits, self.hours, self.random, reporter), one.at)
        return [case.uuid]

    def abandon(self, at: dt.datetime) -> list[uuid.UUID]:
        """A case nobody works on: the sweep escalates it up to the district and the named leader."""
        case = self.report(self.topic(at, Loop.COMMUNITY), at)
        self.walker.walk(case.uuid, Destiny(Traits(abandoned=True), self.hours, self.random), at)
        return [case.uuid]

    def duplicate(self, at: dt.datetime) -> list[uuid.UUID]:
        """Two people report the same; the second report is merged into the first."""
        topic = self.topic(at)
        main = self.report(topic, at)
        again = at + dt.timedelta(minutes=self.random.randint(3, 20))
        other = self.report(topic, again, like=main)
        chief = self.hands.holding(Duty.CHIEF, other.centre_id)[0]
        self.hands.step(other.uuid, "merge", now=again + dt.timedelta(minutes=5), by=chief, target=main)
        clock = again + dt.timedelta(minutes=6)
        self.walker.walk(main.uuid, Destiny(draw_traits(self.random), self.hours, self.random), clock)
        return [main.uuid, other.uuid]

    def case_in_state(self, state: State, loop: Loop, attempt: int = 0, checker: User | None = None) -> Job:
        """A case that is to be in a state and loop now (drawn to a checker); later attempts leave more time."""
        topic = self.topic(self.now, loop)
        while topic.condition != USUAL_CONDITION:
            topic = self.topic(self.now, loop)
        row = self.rows[self.categories[topic.category].pk, USUAL_CONDITION, loop]
        shares = ((0.05, 0.7), (0.83, 0.96), (1.02, 1.14))
        may_be_late = attempt < 3 and state != State.CLOSED
        low, high = self.random.choices(shares, (60, 18, 22) if may_be_late else (1, 0, 0))[0]
        share = self.random.uniform(low, high)
        at, acts = acts_to(state, row, share, until=self.now, hours=self.hours, random=self.random)

        def make() -> list[uuid.UUID]:
            case = self.report(topic, at, checker=checker)
            case = self.walker.walk(case.uuid, Script(acts), at)
            if (case.state, case.loop) != (state, loop):
                raise Missed(f"{state} {loop} became {case.state} {case.loop}")
            if checker and not case.legs.open().filter(person=checker).exists():
                raise Missed(f"not drawn to {checker}")
            return [case.uuid]

        return Job(at, make, lambda: self.case_in_state(state, loop, attempt + 1, checker))

    def outside(self, kind: Kind, at: dt.datetime) -> Job:
        """A case whose reporter holds no post and has more to say about it."""

        def make() -> list[uuid.UUID]:
            return self.live(self.planned(at, kind), "settled", says_more=True)

        return Job(at, make, lambda: self.outside(kind, at))

    def living(self, at: dt.datetime, ending: str | None = None) -> Job:
        """A case that goes its own way from a time on."""
        return Job(at, lambda: self.live(self.planned(at), ending), lambda: self.living(at, ending))

    # Batches --------------------------------------------------------------------------------------------------

    def first_jobs(self) -> list[Job]:
        """What the site shows when it opens: a year in outline, every queue filled."""
        jobs = [self.case_in_state(state, loop) for state, loop in CELLS for _ in range(A_CELL)]
        for username, state in CHECKS:
            checker = User.objects.get(username=username)
            jobs.append(self.case_in_state(state, Loop.COMMUNITY, checker=checker))
        for _ in range(ABANDONED):
            at = self.moment(self.now - dt.timedelta(days=25), self.now - dt.timedelta(days=9))
            jobs.append(Job(at, partial(self.abandon, at), None))
        start, yesterday = self.now - YEAR, self.now - dt.timedelta(days=1)
        for _ in range(DUPLICATES):
            at = self.moment(start, yesterday)
            jobs.append(Job(at, partial(self.duplicate, at), None))
        for kind in [*Kind] * OUTSIDE:
            recent = self.now - self.random.choice((OUTSIDE_RECENT, YEAR))
            jobs.append(self.outside(kind, self.moment(recent, self.now)))
        for ending in ENDINGS * 5:
            jobs.append(self.living(self.moment(start, yesterday), ending))
        for _ in range(TODAY):
            jobs.append(self.living(yesterday + dt.timedelta(days=1) * self.random.random()))
        while len(jobs) < FIRST - DUPLICATES:
            jobs.append(self.living(self.moment(start, yesterday)))
        return sorted(jobs, key=lambda job: job.at)

    def make(self, job: Job, numbers: Numbers) -> bool:
        """Do a job whole or not at all; what missed is drawn again a few times."""
        first, todo = numbers.coming, job
        for _ in range(TRIES):
            numbers.coming = first
            try:
                with transaction.atomic():
                    for record in todo.make():
                        self.settle_notices(record)
                return True
            except (Missed, Nobody, Refused) as problem:
                log.debug("drawn again: %s", problem)
                todo = todo.again() if todo.again else todo
        numbers.coming = first
        log.warning("a case could not be made in %d tries", TRIES)
        return False

    def settle_notices(self, record: uuid.UUID) -> None:
        """What the relay would have done at each time; notices of long ago are left out, most others are read."""
        own = Q(url__contains=str(record)) | Q(
            url__startswith=PROPOSALS
        )  # a whistle that is closed may propose
        waiting = Outbox.objects.filter(own, done_at=None)
        notices = []
        for row in waiting.filter(created_at__gte=self.now - DELIVERED):
            read_at = None if row.created_at > self.now - UNREAD else row.created_at + dt.timedelta(hours=2)
            notices += [
                Notice(user_id=person, outbox=row, asks=asks, at=row.created_at, read_at=read_at)
                for person, asks in self.audience(row).items()
            ]
        Notice.objects.bulk_create(notices)
        waiting.update(done_at=F("created_at"), attempts=1)

    def audience(self, row: Outbox) -> dict[int, str]:
        """People behind the addresses of an outbox row, with what they are asked to do."""
        asked: dict[int, str] = {}
        for address in sorted(row.audience, key=lambda one: "asks" not in one):
            people = [address["user"]] if "user" in address else []
            if not people:
                duty, place = Duty(address["duty"]), address["organization"]
                there = [user.pk for user in self.hands.holding(duty, place)]
                people = [person for person in there if person not in address.get("never", ())]
            for person in people:
                asked.setdefault(person, address.get("asks", ""))
        return asked


def make_first(world: World, plan: Sequence[Planned], progress: Progress, more: Sequence[Job] = ()) -> int:
    """Make the first cases and some ``more``, all or none; the numbers of what is planned stay free between them."""
    times = [one.at for one in plan]
    with transaction.atomic():
        jobs = sorted([*world.first_jobs(), *more], key=lambda job: job.at)
        numbers, made = Numbers(1), 0
        with numbered(numbers):
            for done, job in enumerate(jobs):
                numbers.coming = max(numbers.coming, made + 1 + bisect_left(times, job.at))
                before = numbers.coming
                world.make(job, numbers)
                made += numbers.coming - before
                progress(done + 1, len(jobs))
        last = Case.objects.order_by("-pk").values_list("pk", flat=True)[0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('cases_case', 'id'), %s)", [last])
    return made
