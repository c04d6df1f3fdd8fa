"""People who make the moves of the demo world: whoever holds the duty, giving what the table asks for."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from django.utils import timezone

from cases import actions
from cases.actions import Answer
from cases.loops import commanding_ids
from cases.models import Case, Category, Leg, Photo, Responsibility
from cases.routing import propose_unit
from cases.rules import RULES
from cases.situations import Situation
from cases.units import units_in_reach
from cases.workflow import MOVES, Grade, Loop, Move, Refusal
from governance.models import Organization, Post, User
from governance.roles import Duty, Role
from records.refusals import Forbidden, Stale


class Nobody(LookupError):
    """A move that nobody may make."""


Photographer = Callable[..., uuid.UUID]
Voice = Callable[[str, Case], str]


def plain_voice(move: str, case: Case) -> str:
    """Words that only say what is done."""
    return f"{MOVES[move].label}:{case.category.name}"


class Hands:
    """Finds people, lets them move cases with the time passed in, and remembers who holds what."""

    def __init__(self, random: Random, photo: Photographer, voice: Voice = plain_voice) -> None:
        self.random = random
        self.photo = photo
        self.voice = voice
        self.holding = cache(self._holding)
        self.user = cache(self._user)
        self.holder = cache(self._holder)
        self.unit = cache(self._unit_of)
        self.category = cache(lambda pk: Category.objects.get(pk=pk))

    # Who --------------------------------------------------------------------------------------------------

    def _holding(self, duty: Duty, place_id: int) -> list[User]:
        posts = (
            Post.objects.filter(ends_on=None, user__is_active=True)
            .with_duty(duty)
            .filter(organization=place_id)
        )
        return [self.user(pk) for pk in posts.order_by("pk").values_list("user", flat=True)]

    def _user(self, pk: int) -> User:
        return User.objects.get(pk=pk)

    def _holder(self, role: Role, place_id: int) -> User:
        """Who holds a post at a place, the first of several."""
        posts = Post.objects.filter(role=role, organization=place_id, ends_on=None)
        return self.user(posts.order_by("pk").values_list("user", flat=True)[0])

    def _unit_of(self, place_id: int, function: str) -> Organization:
        """The unit of a function that hangs on a territory."""
        return Organization.objects.get(parent=place_id, function=function)

    def candidates(self, case: Case, leg: Leg | None, move: Move, now: dt.datetime) -> list[User]:
        """People whose move it is on the case, by the program's own rules."""
        people: list[User] = []
        centre = leg.centre_id if leg else case.centre_id
        for duty in move.duties:
            if duty in (Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH):
                people += self.holding(duty, centre)
            elif duty == Duty.HANDLE and case.unit_id:
                taken = leg.person_id if leg else None
                people += [self.user(taken)] if taken else self.holding(duty, case.unit_id)
                people = [user for user in people if user.pk not in case.reporters]
            elif duty == Duty.VERIFY and leg:
                people += [self.user(leg.person_id)] if leg.person_id else []
                people += self.holding(Duty.INTAKE, leg.unit_id or leg.centre_id)
            elif duty == Duty.LEAD:
                for place in reversed(commanding_ids(case, Loop(case.loop))):
                    people += self.holding(duty, place) if place else []
            elif duty == Duty.ANYONE:
                people += self.holding(Duty.DISPATCH, centre)
                people += self.holding(Duty.HANDLE, case.unit_id) if case.unit_id else []
            elif duty == Duty.REPORT:
                people += [self.user(pk) for pk in case.reporters]
        barred = (Forbidden, Stale)
        return [
            u for u in people if not isinstance(RULES.why_not(move, Situation(case, u, now, leg=leg)), barred)
        ]

    # What -------------------------------------------------------------------------------------------------

    def _unit(self, case: Case, now: dt.datetime) -> Organization:
        units = list(units_in_reach(case, timezone.localdate(now)))
        proposed, _ = propose_unit(case.responsibility, units, case.centre_id)
        staffed = [unit for unit in units if unit.is_staffed]
        return proposed or self.random.choice([unit for unit in staffed if unit.function] or staffed)

    def _right_unit(self, case: Case, now: dt.datetime) -> Organization:
        units = units_in_reach(case, timezone.localdate(now), anywhere=True)
        return self.random.choice([unit for unit in units if unit.pk != case.unit_id])

    def _responsibility(self, case: Case) -> Responsibility:
        rows = Responsibility.objects.current().filter(category=case.category_id, power="settle")
        listed = case.responsibility or rows.order_by("pk").first()
        assert listed is not None
        return listed

    def _amount(self, leg: Leg | None) -> Decimal:
        assert leg is not None
        return Decimal(int(leg.limit_amount / 2)) or leg.limit_amount

    def _deadline(self, now: dt.datetime) -> dt.datetime:
        return now + dt.timedelta(days=2)

    def answers(
        self,
        move: Move,
        case: Case,
        leg: Leg | None,
        by: User,
        now: dt.datetime,
        given: dict[str, Any],
    ) -> dict[str, Any]:
        """What the table asks for, where the caller has not given it."""
        here = [round(case.longitude, 6), round(case.latitude, 6)]
        kind = Photo.Kind.AFTER if move.name == "feedback" else Photo.Kind.CHECK
        fill: dict[str, Callable[[], Any]] = {
            "words": lambda: self.voice(move.name, case),
            "reason": lambda: self.voice(move.name, case),
            "photos": lambda: [
                self.photo(by=by, now=now, kind=kind, position=here, category=case.category.name)
            ],
            "position": lambda: here,
            "responsibility": lambda: self._responsibility(case),
            "unit": lambda: self._unit(case, now),
            "refusal": lambda: Refusal.NOT_OURS.value,
            "right_unit": lambda: self._right_unit(case, now),
            "amount": lambda: self._amount(leg),
            "until": lambda: now.date() + dt.timedelta(days=30),
            "deadline": lambda: self._deadline(now),
            "grade": lambda: (Grade.SATISFIED if case.is_from_resident else Grade.SCORE_5).value,
            "condition_met": lambda: True,
        }
        return {name: given[name] if name in given else fill[name]() for name in move.needs} | given

    # Do ---------------------------------------------------------------------------------------------------

    def look(self, case_uuid: uuid.UUID) -> tuple[Case, Leg | None]:
        """A case and its open leg as they are now."""
        case = Case.objects.get(uuid=case_uuid)
        case.category = self.category(case.category_id)
        leg = case.legs.filter(stopped_at=None).order_by().first()
        return case, leg

    def step(
        self, case_uuid: uuid.UUID, name: str, *, now: dt.datetime, by: User | None = None, **given: Any
    ) -> Answer:
        """Make one move as somebody who may; raises ``Nobody`` when nobody may."""
        case, leg = self.look(case_uuid)
        return self.move(case, leg, name, now=now, by=by, **given)

    def move(
        self,
        case: Case,
        leg: Leg | None,
        name: str,
        *,
        now: dt.datetime,
        by: User | None = None,
        **given: Any,
    ) -> Answer:
        """The same on a case that was just looked at."""
        move = MOVES[name]
        if by is None:
            people = self.candidates(case, leg, move, now)
            if not people:
                raise Nobody(f"nobody may {name} case {case.pk} ({case.state}, {case.loop})")
            by = self.random.choice(people) if leg is None or leg.person_id is None else people[0]
        given = self.answers(move, case, leg, by, now, given)
        return actions.perform(case.uuid, name, by=by, now=now, key=uuid.uuid4(), given=given)

    def report(
        self, *, by: User, now: dt.datetime, given: dict[str, Any], source: Case.Source = Case.Source.FIELD
    ) -> Answer:
        """Report as a person; photos of what was settled on the spot are taken here."""
        if source in Case.ON_THE_SPOT:
            for name, kind in (("before_photo", Photo.Kind.BEFORE), ("after_photo", Photo.Kind.AFTER)):
                taken = {"kind": kind, "position": given["position"], "category": given["category"].name}
                given.setdefault(name, [self.photo(by=by, now=now, **taken)])
        return actions.report(by=by, now=now, key=uuid.uuid4(), given=given, source=source)
