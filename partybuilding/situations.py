"""What the rules of whistles look at."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

from cases.calendar import calendar_for
from cases.deadlines import Calendar
from cases.models import Case
from governance.models import Organization, Post
from governance.profile import Level
from governance.roles import Duty
from partybuilding.models import Arrival, Call, Whistle, WhistleRule
from partybuilding.models.whistles import TERRITORIES
from partybuilding.permissions import duties_on
from partybuilding.scores import to_score
from partybuilding.workflow import OF_UNITS, Side
from records.situations import Situation as Base
from records.situations import Walk as BaseWalk


@dataclass
class Situation(Base[Whistle]):
    """A whistle, perhaps one of its calls, who does something and when."""

    part: Call | None = field(default=None, kw_only=True)

    @property
    def whistle(self) -> Whistle:
        return self.record

    @property
    def call(self) -> Call:
        assert self.part is not None
        return self.part

    @property
    def case(self) -> Case:
        return self.record.case

    @cached_property
    def held(self) -> frozenset[Duty]:
        return duties_on(self.whistle, [self.part] if self.part else self.calls, self.by)

    @cached_property
    def rule(self) -> WhistleRule | None:
        """The row of the rules in force for the kind, where the case lies."""
        rows = WhistleRule.objects.in_force(self.today).filter(district=self.case.district_id)
        return rows.filter(kind=self.whistle.kind).first()

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_for(self.case.district_id, self.now)

    @cached_property
    def calls(self) -> list[Call]:
        """All calls of the whistle, the first called first."""
        return list(self.whistle.calls.select_related("unit")) if self.whistle.pk else []

    @cached_property
    def presence(self) -> Arrival | None:
        """That this person is on the spot for this call."""
        return self.call.arrivals.filter(person=self.user, left_at=None).first()

    @cached_property
    def to_score(self) -> dict[Side, list[Call]]:
        """Calls that a side has not scored yet."""
        return to_score(self.whistle)

    @cached_property
    def worked_for(self) -> set[int]:
        """Calls in which this person acted for the unit, whatever the posts of today."""
        own = self.whistle.events.filter(by=self.user, move__in=OF_UNITS)
        return set(own.values_list("call", flat=True))

    def blowing_post(self) -> Post | None:
        """The post with which this person may blow this kind at the place of the case."""
        assert self.user is not None and self.rule is not None
        for post in self.user.authority.posts:
            level = Level(post.organization.level)
            if level not in TERRITORIES or post.organization.function:
                continue
            is_here = post.organization_id == getattr(self.case, f"{TERRITORIES[level]}_id")
            if is_here and f"{level.name.lower()}:{post.role}" in self.rule.blowers:
                return post
        return None

    def asking_place(self) -> Organization | None:
        """The community for which this person may ask the street to blow."""
        assert self.user is not None
        holds = self.user.authority.holds(Duty.BLOW, self.case.community_id)
        return self.case.community if holds and self.case.street_id else None


@dataclass
class Walk(Situation, BaseWalk[Whistle]):
    """One move of a whistle under way."""

    @property
    def deadline_of_scores(self) -> dt.datetime:
        return self.now + SCORES_WAIT


#: How long scores are waited for (ours: two weeks, as long as a resident has for a complaint).
SCORES_WAIT = dt.timedelta(days=14)
