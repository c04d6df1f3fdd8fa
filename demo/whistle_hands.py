"""People who make the moves of a whistle in the demo world, giving what the tables ask for."""

import datetime as dt
import uuid
from typing import Any

from cases.models import Case
from demo.whistle_courses import Course, Errand, Part
from demo.whistle_words import said
from demo.world import World
from governance.models import SYSTEM, Organization, User
from governance.roles import Duty, Role
from partybuilding import codes
from partybuilding.actions import DOOR
from partybuilding.models import Call, Task, Whistle, WhistlePhoto
from partybuilding.workflow import MARK_NAMES, ClockStep, Side, Source


class WhistleHands:
    """Everybody who has a part in one whistle, and what they do; ``whistle`` and ``calls`` are kept by who lets them act."""

    def __init__(self, world: World, course: Course, case: Case) -> None:
        self.world, self.course, self.case = world, course, case
        self.random = world.random
        self.whistle: Whistle | None = None
        self.calls: list[Call] = []
        self.done: set[Any] = set()

    # Who ---------------------------------------------------------------------------------------------------------

    def unit(self, party: str) -> Organization:
        """The unit of a function at the level of the case's place."""
        level, function = party.split(":")
        return self.world.hands.unit(getattr(self.case, f"{level}_id"), function)

    def part(self, call: Call) -> Part:
        for party, part in self.course.parts.items():
            if self.unit(party) == call.unit:
                return part
        return self.course.usual

    @property
    def blower(self) -> User:
        if self.course.asked:
            return self.world.hands.holder(Role.SECRETARY, self.case.street_id)
        return self.world.hands.holder(self.course.role, getattr(self.case, f"{self.course.level}_id"))

    def answers(self, unit_id: int) -> User:
        """Who answers for a unit: its liaison."""
        return self.world.hands.holder(Role.LIAISON, unit_id)

    def head(self, unit_id: int) -> User:
        """The head of a unit; where that post is vacant, who answers for it."""
        heads = self.world.hands.holding(Duty.HEAD, unit_id)
        return heads[0] if heads else self.answers(unit_id)

    def words(self, move: str) -> str:
        return said(move, self.random)

    # Moves -----------------------------------------------------------------------------------------------------

    def do(self, move: str, by: Any, part: Call | None, at: dt.datetime, **given: Any) -> None:
        target = self.whistle.uuid if self.whistle else Whistle(case=self.case, kind=self.course.kind)
        of = part.pk if part else None
        DOOR.perform(target, move, by=by, now=at, key=uuid.uuid4(), given=given, part=of)

    def begin(self, at: dt.datetime) -> None:
        course, case = self.course, self.case
        given = {
            "kind": course.kind,
            "source": self.source(),
            "source_note": course.source_note,
            "words": self.random.choice(course.matter.need),
            "demands": list(course.matter.demands),
        }
        if course.asked:
            self.do("ask", self.world.hands.holder(Role.SECRETARY, case.community_id), None, at, **given)
        else:
            self.do("blow", self.blower, None, at, **given, **self.called())

    def called(self) -> dict[str, Any]:
        lead, *helpers = [self.unit(party) for party in self.course.called]
        return {"lead": lead, "helpers": helpers}

    def source(self) -> str:
        """What is true of the case first, else what the side judges."""
        if self.course.kind != "emergency" and self.case.refusals >= 2:
            return Source.REFUSED_TWICE
        if self.course.kind in ("enforcement", "priority") and self.case.escalated_by_time:
            return Source.ESCALATED
        return self.course.source

    def answer(self, at: dt.datetime) -> None:
        if self.course.answer == "decline":
            self.do("decline", self.blower, None, at, reason=self.words("decline"))
        else:
            self.do("blow_asked", self.blower, None, at, **self.called())

    def say(self, move: str, at: dt.datetime) -> None:
        if move == "settle":
            self.do(move, self.blower, None, at, words=self.random.choice(self.course.matter.settled))
        else:
            self.do(move, self.blower, None, at, reason=self.words(move))

    def note(self, number: int, at: dt.datetime) -> None:
        """A line of the joint log with a picture, by the side and the units in turn."""
        here = [call for call in self.calls if call.arrived_at]
        by = self.blower if number % 2 == 0 else self.answers(here[number % len(here)].unit_id)
        words = self.course.matter.seen[number % len(self.course.matter.seen)]
        is_last = number + 1 == self.course.notes
        self.do("note", by, None, at, words=words, photos=[self.picture(by, at, after=is_last)])
        self.done.add(("note", number))

    def picture(self, by: User, at: dt.datetime, *, after: bool) -> uuid.UUID:
        file = self.world.album.file(self.course.matter.category, after=after)
        row = WhistlePhoto(uuid=uuid.uuid4(), by=by, uploaded_at=at, **file)
        row.save(force_insert=True)
        return row.uuid

    def give_task(self, errand: Errand, call: Call, at: dt.datetime) -> None:
        given = {"unit": call.unit, "title": errand.title, "deadline": at + dt.timedelta(days=2)}
        if errand.is_named:
            given["person"] = self.answers(call.unit_id)
        self.do("add_task", self.blower, None, at, **given)

    def end_task(self, errand: Errand, task: Task, at: dt.datetime) -> None:
        if errand.case:
            position = [self.whistle.longitude, self.whistle.latitude + 0.00002]
            given = {"category": self.world.categories[errand.case], "position": position}
            words = f"联合处置中发现：{errand.title}。"
            self.do("task_to_case", self.blower, None, at, task=task, words=words, **given)
        else:
            by = self.answers(task.unit_id)
            self.do("finish_task", by, None, at, task=task, words="已完成，结果已告知现场负责人。")

    def take_step(self, step: ClockStep, call: Call, part: Part, at: dt.datetime) -> None:
        by, given = self.answers(call.unit_id), {}
        move = "finish" if step == ClockStep.SETTLE else step.value
        if move in ("contact", "finish"):
            given["words"] = self.words(move)
        if move == "contact" and part.stays_away:
            given["stays_away"] = True
        if move == "arrive" and part.by_code:
            given["pass"] = codes.give_pass(self.whistle.uuid, by.pk, at)
        elif move == "arrive":
            near = self.random.uniform(-0.0008, 0.0008)
            given["position"] = [round(self.whistle.longitude + near, 6), self.whistle.latitude]
        self.do(move, by, call, at, **given)

    def refuse(self, call: Call, part: Part, at: dt.datetime) -> None:
        given = {"refusal": "not_ours", "reason": self.words("refuse"), "right_unit": self.unit(part.right)}
        self.do("refuse", self.answers(call.unit_id), call, at, **given)

    def score(self, side: Side, call: Call, at: dt.datetime) -> None:
        """Late units are marked lower, whistles that were clear higher."""
        was_late = call.clocks.filter(lateness="red").exists()
        marks = {name: self.random.choice((4, 5, 5)) for name in MARK_NAMES[side]}
        if side == Side.STREET and was_late:
            marks["speed"] = self.random.choice((2, 3))
        by = self.head(call.unit_id) if side == Side.UNIT else self.blower
        move = "score_unit" if side == Side.STREET else "score_whistle"
        self.do(move, by, None, at, call=call, **marks)

    def lapse(self, at: dt.datetime) -> None:
        self.do("lapse", SYSTEM, None, at)
