"""Random real lives: people, programs, residents and time move cases on the stage and around it, rare moves first."""

import datetime as dt
import uuid
from collections import Counter
from random import Random
from typing import Any

from appraisal.exclusions import ask as ask_to_exclude
from appraisal.exclusions import decide, verdicts, why_not_ask, why_not_decide
from appraisal.models import Exclusion
from cases import actions
from cases.actions import Refused, timekeeping
from cases.holidays import Day
from cases.models import Case
from cases.workflow import FINAL, OPEN, TABLE, Loop, Move, State
from demo.hands import Hands
from governance.models import Actor, By, User
from governance.roles import ActorKind, Duty, Role
from grid.models import Grid
from partybuilding import actions as whistles
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CALLS, WHISTLES, CallState
from tests import people
from tests.lives import at, inside, settled_by
from tests.partybuilding.blowing import MANAGEMENT, MARKET, MARKS, NEED, POLICE, answers, unit
from tests.photos import photo

REPORTERS = ("wangge", "zhiyuan", "jiandu", "xuncha", "shouli")
ONWARD = ("register", "dispatch", "accept", "feedback", "pass", "close")
JUMPS = (
    *[dt.timedelta(minutes=7)] * 5,
    *[dt.timedelta(hours=2)] * 4,
    dt.timedelta(days=1),
    dt.timedelta(days=9),
)
#: Begins late in a month and a year, so that lives cross the ends of both.
BEGIN = at(12, 10, 9)


def _weight(move: Move) -> float:
    """Most cases go on; few end before they were handled."""
    return 8 if move.name in ONWARD else 0.3 if move.ends_badly else 1


class World:
    """``made`` counts the moves by name; everything else is in the database."""

    def __init__(self, random: Random, now: dt.datetime = BEGIN) -> None:
        self.random, self.now = random, now
        self.hands = Hands(random, photo)
        self.made: Counter[str] = Counter()
        self.positions = [inside(), *(inside(code) for code in self._grids())]

    def _grids(self) -> list[str]:
        """One more grid of the stage's community, one of its street, one of another street."""
        codes = Grid.objects.order_by("code").values_list("code", flat=True)
        near = list(codes.filter(community__code=people.COMMUNITY))[1:2]
        street = codes.filter(community__parent__code=people.STREET).exclude(community__code=people.COMMUNITY)
        other = codes.filter(community__code=people.ELSEWHERE)
        return [*near, *street[:1], *other[:1]]

    def live(self, steps: int) -> None:
        """So many reports, moves and jumps of time."""
        for _ in range(steps):
            number = self.random.random()
            if number < 0.1:
                self.report()
            elif number < 0.7:
                self.move()
            elif number < 0.73:
                self.blow()
            elif number < 0.86:
                self.move_whistle()
            elif number < 0.97:
                self.wait()
            else:
                self.change_calendar()

    # What people do

    def report(self) -> None:
        given: dict[str, Any] = {
            "position": self.random.choice(self.positions),
            "category": settled_by(self.random.choice(list(Loop))),
            "words": "路面有杂物。",
        }
        by, source = self._reporter()
        if source in (Case.Source.PHONE, Case.Source.RESIDENT):
            given |= {"contact_name": "王女士", "contact_phone": "13912345678"}
        try:
            self.hands.report(by=by, now=self.now, given=given, source=source)
        except Refused:
            return  # a worker of another grid, say
        self.made[f"report {source}"] += 1

    def _reporter(self) -> tuple[By, Case.Source]:
        Source = Case.Source
        source = self.random.choice(
            [*[Source.FIELD] * 4, Source.SELF, Source.PHONE, Source.API, Source.RESIDENT]
        )
        if source == Source.API:
            return people.program(), source
        if source == Source.RESIDENT:
            return Actor(ActorKind.CONTACT, contact=uuid.uuid4()), source
        if source == Source.FIELD:
            return User.objects.get(username=self.random.choice(REPORTERS[:4])), source
        return User.objects.get(username="wangge" if source == Source.SELF else "shouli"), source

    def move(self) -> None:
        """Whoever may makes a move that was rare so far, on one of the oldest cases."""
        living = list(Case.objects.exclude(state__in=FINAL).order_by("pk").values_list("uuid", flat=True))
        if not living:
            self.report()
            return
        case, leg = self.hands.look(self.random.choice(living[:8]))
        able = [
            (move, found)
            for move in TABLE.moves_from(State(case.state))
            if move.duties != (Duty.SYSTEM,) and (found := self.hands.candidates(case, leg, move, self.now))
        ]
        if not able:
            return
        weights = [_weight(move) / (1 + self.made[move.name]) for move, _ in able]
        move, found = self.random.choices(able, weights)[0]
        by = self.random.choice(found)
        try:
            given = self._given(move, case, leg, by)
            actions.perform(case.uuid, move.name, by=by, now=self.now, key=uuid.uuid4(), given=given)
        except (Refused, Case.DoesNotExist, LookupError):
            return
        self.made[move.name] += 1

    def _given(self, move: Move, case: Case, leg: Any, by: User) -> dict[str, Any]:
        more = {}
        if "target" in move.needs:
            others = Case.objects.filter(state__in=OPEN, district=case.district_id).exclude(pk=case.pk)
            more["target"] = self.random.choice(list(others.order_by("pk")))
        return self.hands.answers(move, case, leg, by, self.now, more)

    # Whistles

    def blow(self) -> None:
        """The street blows for one of its cases, or a community asks it to."""
        free = (
            Case.objects.open()
            .filter(street__code=people.STREET)
            .exclude(whistles__in=Whistle.objects.open())
        )
        case = free.order_by("pk").first()
        if case is not None:
            asks = self.random.random() < 0.4
            given = answers(**({"lead": None, "helpers": None} if asks else {}))
            by = User.objects.get(username="sheshuji" if asks else "jieshuji")
            self._whistle(Whistle(case=case), "ask" if asks else "blow", by, given)

    def move_whistle(self) -> None:
        """Its side, or a unit that it called, makes any move that the tables know from there."""
        running = Whistle.objects.exclude(state__in=WHISTLES.final).order_by("pk")
        whistle = self.random.choice(list(running) or [None])
        if whistle is None:
            return self.blow()
        calls = [call for call in whistle.calls.order_by("pk") if call.is_open]
        call = self.random.choice([*calls, *calls, None])
        moves = CALLS.moves_from(CallState(call.state)) if call else WHISTLES.moves_from(whistle.state)
        moves = [move for move in moves if move.duties != (Duty.SYSTEM,)]
        if moves:
            move = self.random.choices(moves, [_weight(one) / (1 + self.made[one.name]) for one in moves])[0]
            by = self._of_whistle(whistle, call if call and Duty.ANSWER in move.duties else None)
            part = call.pk if call else None
            self._whistle(whistle.uuid, move.name, by, self._told(whistle, call, move), part)
        return None

    def _of_whistle(self, whistle: Whistle, call: Call | None) -> User:
        """Somebody of the called unit, or who blows."""
        holders = self.hands.holding(Duty.ANSWER, call.unit_id) if call else []
        return self.random.choice(holders or [User.objects.get(username="jieshuji")])

    def _told(self, whistle: Whistle, call: Call | None, move: Move) -> dict[str, Any]:
        units = [unit(code) for code in (MANAGEMENT, POLICE, MARKET)]
        one_of_them = self.random.choice([one for one in units if call is None or one.pk != call.unit_id])
        scored = whistle.calls.order_by("?").first() if move.name.startswith("score") else None
        told = {
            "words": "已办。",
            "reason": "情况有变。",
            "refusal": "not_ours",
            "right_unit": one_of_them,
            "unit": one_of_them,
            "lead": units[0],
            "title": "清运",
            "deadline": self.now + dt.timedelta(days=1),
            "call": scored,
            **MARKS,
            **NEED,
        }
        more = {"position": inside()} if move.name == "arrive" else {}
        return {name: told[name] for name in move.needs if name in told} | more

    def _whistle(self, whistle: Any, move: str, by: User, given: dict, part: int | None = None) -> None:
        try:
            whistles.perform(whistle, move, by=by, now=self.now, key=uuid.uuid4(), given=given, part=part)
        except (Refused, Whistle.DoesNotExist, Case.DoesNotExist):
            return
        self.made[move] += 1

    # Exclusions

    def exclude(self, steps: int) -> None:
        """So many times somebody asks that a case is left out, agrees to it, refuses or ends it."""
        for _ in range(steps):
            running = list(Exclusion.objects.filter(state__in=Exclusion.RUNNING).order_by("pk"))
            if not running or self.random.random() < 0.4:
                self._ask_to_exclude()
            else:
                self._decide(self.random.choice(running))

    def _ask_to_exclude(self) -> None:
        case = self.random.choice(list(Case.objects.order_by("pk")))
        by = [user for user in self._about(case, Duty.HANDLE, Duty.CHIEF) if why_not_ask(case, user) is None]
        if by and not case.exclusions.filter(state__in=Exclusion.RUNNING).exists():
            ground = self.random.choice(Exclusion.Ground.values)
            ask_to_exclude(case.pk, ground=ground, words="暴雨。", by=self.random.choice(by), now=self.now)

    def _decide(self, found: Exclusion) -> None:
        if found.state == Exclusion.State.GRANTED and self.random.random() < 0.97:
            return  # most stay
        verdict = self.random.choice(verdicts(found)[:1] * 4 + verdicts(found))
        by = self._about(found.case, Duty.CHIEF, Duty.LEAD)
        able = [user for user in by if why_not_decide(found, verdict, user) is None]
        if able:
            decide(found.pk, verdict=verdict, reason="属实。", by=self.random.choice(able), now=self.now)
            self.made[f"exclusion {verdict}"] += 1

    def _about(self, case: Case, *duties: Duty) -> list[User]:
        """Who holds some duties at the unit, the centre or a territory of a case."""
        places = {case.unit_id, case.centre_id, case.community_id, case.street_id, case.district_id} - {None}
        found = [
            user for duty in duties for place in sorted(places) for user in self.hands.holding(duty, place)
        ]
        return list(dict.fromkeys(found))

    # What time does

    def wait(self) -> None:
        self.now += self.random.choice(JUMPS)
        self.made["sweep"] += actions.sweep(now=self.now)
        self.made["rungs"] += whistles.sweep(now=self.now)
        self.made["lapse"] += whistles.lapse(now=self.now)

    def change_calendar(self) -> None:
        """A day of the next two weeks is worked, or is not."""
        day = self.now.date() + dt.timedelta(days=self.random.randrange(1, 14))
        chief = people.someone(Role.SYSTEM_ADMIN, people.DISTRICT)
        days = {day: Day(self.random.random() < 0.5, "调整")}
        timekeeping.arrange(days, words=f"{day} 有变", by=chief, now=self.now)
        self.made["calendar"] += 1
