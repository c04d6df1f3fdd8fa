"""What the rules of cases look at, and a move of a case under way."""

import uuid
from dataclasses import dataclass, field
from functools import cached_property

from cases import waiting
from cases.calendar import settings_for
from cases.deadlines import Calendar
from cases.models import Case, Leg, Photo, Request, Supervision
from cases.permissions import duties_on, leads_from
from cases.rule_numbers import RuleNumbers
from cases.waiting import Wait
from cases.workflow import Move
from governance.roles import Duty
from grid.models import GridDuty
from records import moves, situations


@dataclass
class Situation(situations.Situation[Case]):
    """Case, open leg, who does something and when; what else a rule needs is asked for once, when it is needed."""

    leg: Leg | None = field(default=None, kw_only=True)
    #: What the rules call the record.
    case: Case = field(init=False)

    def __post_init__(self) -> None:
        self.case = self.record

    @cached_property
    def held(self) -> frozenset[Duty]:
        """Duties that who acts holds on this case now."""
        return duties_on(self.case, self.leg, self.by)

    @cached_property
    def open_requests(self) -> dict[str, Request]:
        """Requests that nobody has decided, by kind: one of a kind at most."""
        if not waiting.speaks_of(self.case.waits_for, *waiting.ASKED):
            return {}
        return {one.kind: one for one in self.case.requests.filter(decided_at=None)}

    @cached_property
    def order(self) -> Supervision | None:
        """The supervision order that is open."""
        if waiting.ORDERED not in self.case.waits_for:
            return None
        return self.case.supervisions.filter(accepted_at=None).first()

    @cached_property
    def giver_level(self) -> int | None:
        """How far below the top whoever gave the answered order leads here; None for the system, and before the answer."""
        order = self.order
        if order is None or order.replied_at is None or order.ordered_by is None:
            return None
        return leads_from(self.case, order.ordered_by)

    @cached_property
    def _settings(self) -> tuple[Calendar, RuleNumbers]:
        return settings_for(self.case.district_id, self.now)

    @property
    def calendar(self) -> Calendar:
        return self._settings[0]

    @property
    def numbers(self) -> RuleNumbers:
        return self._settings[1]

    def holds(self, move: moves.Move) -> bool:
        if super().holds(move):
            return True
        if move.name == "correct_position":
            return self._covers_grid
        return move.name == "reply_supervision" and self._is_named

    @property
    def _covers_grid(self) -> bool:
        """Whether this person covers the grid of the case: who walks there knows where it is."""
        duties = GridDuty.objects.current(self.today).filter(grid=self.case.grid_id)
        return self.user is not None and duties.filter(user=self.user).exists()

    @property
    def _is_named(self) -> bool:
        """Whether an order names this person, whatever post they hold, to answer it."""
        if self.user is None:
            return False
        return Wait(waiting.Matter.ORDER, Duty.LEAD, person=self.user.pk).mark in self.case.waits_for


@dataclass
class Walk(Situation, situations.Walk[Case]):
    """One move of a case under way; by uuid, the cases that were locked together with it and what its photos show."""

    move: Move
    photos: dict[uuid.UUID, Photo.Kind] = field(default_factory=dict, kw_only=True)
    others: dict[uuid.UUID, Case] = field(default_factory=dict, kw_only=True)
    tell_owner: bool = field(default=True, kw_only=True)
    is_told: bool = field(default=True, kw_only=True)
