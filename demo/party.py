"""The whistles of the demo world: what waits for the printed accounts today, one full story, and the year before."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils import timezone

from cases.deadlines import Limit
from cases.workflow import State as CaseState
from demo import whistle_words as words
from demo.accounts import COMMUNITY, STREET
from demo.hours import OFFICE_DAY
from demo.life import Missed, Traits
from demo.whistle_courses import Course, Errand, Part
from demo.whistle_words import Matter
from demo.whistling import HOUR, Whistling
from demo.words import TOPICS
from demo.world import YEAR, FreeNumbers, Job, Progress, World, numbered
from partybuilding.models import Whistle, WhistleRule
from partybuilding.workflow import Side, Source, State

#: Whistles of this year before today; the live ones, the story and those alike come to it: about sixty.
ARCHIVED = 24
#: With so many whistles the year before is made.
ENOUGH = 40
#: When the whistles were blown that are like the one of the story, in days before today.
ALIKE = (300, 150)
#: How long ago the story begins, in working days.
STORY = 45

#: Units that are done long before their time is over.
QUICK = Part(shares={"arrive": 0.25, "settle": 0.15})
QUICKEST = Part(shares={"arrive": 0.3, "settle": 0.1})

STORY_COURSE = Course(
    words.NIGHT_MARKET,
    "enforcement",
    State.SCORED,
    parties=("district:urban_management", "district:ecology", "district:heritage"),
    parts={
        "district:urban_management": Part(shares={"arrive": 2.3, "settle": 0.95}, by_code=True),
        "district:ecology": Part(right="district:market"),
        "district:heritage": Part(shares={"sign": 1.7}),
        "district:market": Part(by_code=True, leaves_early=True),
    },
    notes=4,
    errands=(
        Errand("district:market", "逐户核对夜市摊主的食品经营许可", is_named=True),
        Errand("district:urban_management", "拆除夜市沿线私搭的雨棚三处", case="私搭乱建"),
    ),
    traits=Traits(refusals=2),
)


class Party:
    """Draws and makes the whistles of a world."""

    def __init__(self, world: World) -> None:
        self.world, self.random, self.hours, self.now = world, world.random, world.hours, world.now
        rules = list(WhistleRule.objects.in_force(timezone.localdate(world.now)))
        begun = dt.datetime.combine(max(rule.valid_from for rule in rules), dt.time(), dt.UTC)
        #: Nobody blew a whistle before there were rules.
        self.since = max(world.now - YEAR, begun + dt.timedelta(days=14))
        self.limits = {
            rule.kind: {step: Limit.parse(text) for step, text in rule.limits.items()} for rule in rules
        }

    def ago(self, kind: str, step: str, share: float) -> dt.datetime:
        """When a whistle was blown of whose clock so much has passed by now."""
        return self.hours.ago(self.now, self.limits[kind][step], share)

    def working_days_ago(self, days: float) -> dt.datetime:
        return self.hours.before(self.now, days * OFFICE_DAY)

    def job(self, course: Course, blown_at: dt.datetime, where: str = "") -> Job:
        """A whistle on a case that was reported before, in a street or community (prefix of its grids)."""
        topic = next(
            topic
            for topic in TOPICS
            if (topic.category, topic.condition) == (course.matter.category, course.matter.condition)
        )
        among = [code for code in self.world.positions.codes if where and code.startswith(where)]
        is_urgent = course.kind == "emergency"

        def make() -> list[uuid.UUID]:
            hours = self.random.uniform(0.15, 0.5) if is_urgent else self.random.uniform(8, 30)
            if course.traits.refusals:
                hours += 30
            before = dt.timedelta(hours=hours)
            at = blown_at - before if is_urgent else self.hours.before(blown_at, hours * HOUR)
            case = self.world.report(topic, at, among=among or None)
            whistle = Whistling(self.world, course, case, blown_at).run(at)
            if whistle.state != course.ends:
                raise Missed(f"{course.ends} became {whistle.state}")
            came_of_it = whistle.tasks.exclude(case=None).values_list("case__uuid", flat=True)
            return [case.uuid, whistle.uuid, *came_of_it]

        return Job(blown_at, make, lambda: self.job(course, blown_at, where))

    # Batches ---------------------------------------------------------------------------------------------------

    def first_jobs(self) -> list[Job]:
        """What the party half shows when it opens: the printed accounts have something to do, the story can be read."""
        jobs = [*self.story(), *self.on_stage(), *self.late(), *self.waiting_for_scores()]
        return sorted(jobs, key=lambda job: job.at)

    def earlier_jobs(self) -> list[Job]:
        """The other streets, and the year before: most were archived, some came to nothing."""
        span = max(self.now - dt.timedelta(days=50) - self.since, dt.timedelta())

        def moment() -> dt.datetime:
            return self.hours.after(self.since + span * self.random.random(), HOUR)

        jobs = [self.job(course, moment()) for course in self.of_no_avail()]
        jobs += [self.job(self.archived(number), moment()) for number in range(ARCHIVED)]
        return sorted([*jobs, *self.elsewhere()], key=lambda job: job.at)

    def story(self) -> list[Job]:
        """The full story, and whistles like it that show that the responsibility list does not fit there."""
        alike = Course(words.NIGHT_MARKET, "enforcement", State.SCORED, source=Source.JOINT)
        begun = [max(self.now - dt.timedelta(days=days), self.since) for days in ALIKE]
        jobs = [self.job(alike, self.hours.after(moment, HOUR), STREET) for moment in begun]
        return [*jobs, self.job(STORY_COURSE, self.working_days_ago(STORY), STREET)]

    def on_stage(self) -> list[Job]:
        """Whistles on which it is the printed accounts' turn, all on time."""

        def street(matter: Matter, ends: State, moment: dt.datetime, **more: Any) -> Job:
            return self.job(Course(matter, "enforcement", ends, **more), moment, STREET)

        def ago(step: str, share: float) -> dt.datetime:
            return self.ago("enforcement", step, share)

        blown, on_site, all_done = State.BLOWN, State.ON_SITE, {"usual": QUICK, "settles": False}
        asked = Course(words.FIRE_LANE, "enforcement", State.ASKED, asked=True, answer="")
        gas = Course(words.GAS, "emergency", on_site, source=Source.EMERGENCY, usual=Part("arrive"))
        community = Course(words.CHARGING, "community", on_site, level="community", **all_done)
        district = Course(words.RIVER, "priority", on_site, level="district", **all_done)
        return [
            self.job(asked, self.hours.before(self.now, HOUR), COMMUNITY),
            street(words.RUBBLE, blown, ago("sign", 0.4), usual=Part("")),
            street(words.ILLEGAL_BUILDING, blown, ago("contact", 0.6), usual=Part("sign")),
            street(words.BRIDGE, blown, ago("arrive", 0.5), usual=Part("contact")),
            street(words.RUBBLE, on_site, ago("settle", 0.4), usual=Part("arrive"), notes=2),
            street(words.BASEMENT, on_site, ago("settle", 0.4), **all_done),
            street(words.FIRE_LANE, State.SETTLED, ago("settle", 0.4), usual=QUICK, rests=CaseState.HANDLING),
            self.job(community, ago("settle", 0.4), COMMUNITY),
            self.job(district, ago("settle", 0.4)),
            self.job(gas, self.ago("emergency", "arrive", 0.95), STREET),
        ]

    def elsewhere(self) -> list[Job]:
        """Whistles of other streets that are on their way."""
        kind = "enforcement"
        refusing = {"district:market": Part(right="district:health")}
        asked = Course(words.BASEMENT, kind, State.ASKED, asked=True, answer="")
        refused = Course(words.FUMES, kind, State.BLOWN, usual=Part("sign"), parts=refusing)
        on_site = Course(words.MARKET, kind, State.ON_SITE, usual=Part("arrive"))
        settled = Course(words.NIGHT_WORKS, kind, State.SETTLED, usual=QUICK, rests=CaseState.HANDLED)
        closed = Course(words.MARKET, kind, State.CLOSED, usual=QUICKEST, scoring=(Side.UNIT,))
        return [
            self.job(asked, self.hours.before(self.now, 2.5 * HOUR)),
            self.job(refused, self.ago(kind, "contact", 0.7)),
            self.job(on_site, self.ago(kind, "settle", 0.4)),
            self.job(settled, self.ago(kind, "settle", 0.4)),
            self.job(closed, self.working_days_ago(6)),
        ]

    def late(self) -> list[Job]:
        """A clock of each kind that has run out, up to an order of the last rung; and a decision that is overdue."""
        kind, on_site = "enforcement", State.ON_SITE
        never = {"district:urban_management": Part("contact", answers_order=False)}
        nobody = {"street:water": Part("", answers_order=False)}  # everybody has left that station
        steps = (
            (words.FUMES, State.BLOWN, "", "sign", 1.5, {}),
            (words.MARKET, State.BLOWN, "sign", "contact", 1.4, {}),
            (words.NIGHT_WORKS, State.BLOWN, "contact", "arrive", 1.25, {}),
            (words.BASEMENT, on_site, "arrive", "settle", 1.1, {}),
            (words.BRIDGE, on_site, "arrive", "arrive", 2.3, never),
            (words.FLOODING, State.BLOWN, "contact", "arrive", 0.6, nobody),
        )
        undecided = Course(words.MARKET, kind, State.ASKED, asked=True, answer="")
        jobs = [
            self.job(
                Course(matter, kind, ends, usual=Part(last), parts=parts),
                self.ago(kind, step, share),
                STREET if parts else "",
            )
            for matter, ends, last, step, share, parts in steps
        ]
        return [*jobs, self.job(undecided, self.hours.before(self.now, 7 * HOUR))]

    def waiting_for_scores(self) -> list[Job]:
        """Closed some days ago: one side or both have not scored yet."""

        def closed(matter: Matter, kind: str, level: str, scoring: tuple[Side, ...], where: str = "") -> Job:
            course = Course(matter, kind, State.CLOSED, level=level, scoring=scoring, usual=QUICKEST)
            return self.job(course, self.working_days_ago(6), where)

        return [
            closed(words.FUMES, "enforcement", "street", (), STREET),
            closed(words.RUBBLE, "enforcement", "street", (Side.STREET,), STREET),
            closed(words.CHARGING, "community", "community", (Side.UNIT,), COMMUNITY),
            closed(words.CABLES, "priority", "district", (Side.UNIT,)),
        ]

    def of_no_avail(self) -> list[Course]:
        """Declined, taken back, ended with the case; archived without the scores of a side."""
        kind, declined, ended = "enforcement", State.DECLINED, State.ENDED
        no_scores = Course(words.RUBBLE, kind, State.SCORED, scoring=(Side.STREET,))
        urgent = {"kind": "emergency", "source": Source.EMERGENCY}
        return [
            Course(words.MARKET, kind, declined, asked=True, answer="decline"),
            Course(words.FIRE_LANE, kind, declined, asked=True, answer="decline"),
            Course(words.ILLEGAL_BUILDING, kind, State.WITHDRAWN, withdrawn=True, usual=Part("contact")),
            Course(words.FUMES, kind, State.WITHDRAWN, withdrawn=True, usual=Part("sign")),
            Course(words.NIGHT_MARKET, kind, ended, asked=True, answer="", solved_meanwhile=True),
            Course(words.SINKING, ends=ended, usual=Part("arrive"), traits=Traits("decline"), **urgent),
            no_scores,
            replace(no_scores, matter=words.BRIDGE, scoring=()),
        ]

    def archived(self, number: int) -> Course:
        """One that went its whole way; every few differ from the usual."""
        choose: Callable[[tuple], Matter] = self.random.choice
        parts = {}
        matter, more = choose(words.OF_STREETS), {"kind": "enforcement"}
        if number % 6 == 0:
            matter, more = choose(words.URGENT), {"kind": "emergency", "source": Source.EMERGENCY}
        elif number % 8 == 1:
            matter, more = choose(words.OF_DISTRICT), {"kind": "priority", "level": "district"}
            parts = {matter.parties[-1]: Part(stays_away=True)}
        elif number % 5 == 2:
            matter, more = choose(words.OF_COMMUNITIES), {"kind": "community", "level": "community"}
        elif number % 6 == 3:
            more |= {"asked": True}
        elif number % 6 == 4:
            parts = {matter.parties[0]: Part(shares={self.random.choice(("sign", "arrive")): 1.3})}
        elif number % 6 == 5:
            parts = {matter.parties[-1]: Part(right="district:civil_affairs")}
        if number == 10:
            more |= {"source": Source.NEED, "source_note": "需求清单第 14 项"}
        by_code = Part(by_code=number % 2 == 0)
        return Course(matter, ends=State.SCORED, parts=parts, usual=by_code, **more)


def make_party(world: World, progress: Progress, *, first: bool, earlier: bool) -> int:
    """Make whistles with their cases, each committed whole; returns how many.

    ``first`` are those that the site shows when it opens, ``earlier`` those of the year before; nothing is made twice.
    """
    party, have = Party(world), Whistle.objects.count()
    jobs = party.first_jobs() if first and not have else []
    jobs += party.earlier_jobs() if earlier and have < ENOUGH else []
    made = 0
    with numbered(numbers := FreeNumbers()):
        for done, job in enumerate(jobs):
            made += world.make(job, numbers)
            progress(done + 1, len(jobs))
    return made
