"""Whatever people and time do to cases, in whatever order: only legal moves are made, and nothing contradicts itself."""

import datetime as dt
import logging
import os
import uuid

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from cases import actions
from cases.actions import Answer, Refused, sweeping
from cases.models import Case, Leg
from cases.rules import RULES
from cases.situations import Situation
from cases.workflow import FINAL, MOVES, OPEN, TABLE, Loop, Move, State
from demo.accounts import STAGE
from governance.models import User
from governance.roles import Role
from tests import neighbours, people
from tests.invariants import contradictions, tally
from tests.lives import MORNING, PATHS, hands, inside, settled_by
from tests.scale import tries

STEPS = tries(300, full=5_000, trust=25_000)
LENGTH = 50
MADE_BY_PEOPLE = [move for move in MOVES.values() if move.sources]
LEADER = "louzhang_test"  # of a building at the place of all reports
REPORTERS = ("wangge", "zhiyuan", "jiandu", "xuncha", "shouli", LEADER)
JUMPS = ("a minute", "an hour", "a night", "three days", "two weeks", "what is due next")
LENGTHS = {
    "a minute": dt.timedelta(minutes=1),
    "an hour": dt.timedelta(hours=1),
    "a night": dt.timedelta(hours=14),
    "three days": dt.timedelta(days=3),
    "two weeks": dt.timedelta(days=14),
}


class Failures(logging.Handler):
    """What the sweep could not do: it logs and goes on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


class AnyLife(RuleBasedStateMachine):
    """A few cases on the stage; people of the stage, and strangers, make any move in any order."""

    steps = 0
    moves_made = 0
    helpers = None
    strangers: list[User] = []
    everybody: list[User] = []

    @classmethod
    def look_around(cls) -> None:
        """Find the people, once for all lives."""
        street = people.ELSEWHERE[:9]
        cls.helpers = hands()
        cls.strangers = [
            people.stranger(),
            people.someone(Role.HANDLER, f"{street}-street_enforcement"),
            people.someone(Role.LEADER, street),
        ]
        leader = neighbours.leader(username=LEADER)
        cls.everybody = [*User.objects.filter(username__in=STAGE).order_by("pk"), leader, *cls.strangers]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now, self.cases = MORNING, []
        self.failures = Failures()
        sweeping.log.addHandler(self.failures)

    def teardown(self) -> None:
        sweeping.log.removeHandler(self.failures)
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def holds(self) -> None:
        AnyLife.steps += 1
        assert contradictions() == []

    # What people do

    def report(self, by: str, loop: Loop, source: str) -> None:
        user = User.objects.get(username=by)
        given = {"position": inside(), "category": settled_by(loop), "words": "路面有杂物。"}
        if by == "shouli":
            source = Case.Source.PHONE
            given |= {"contact_name": "王女士", "contact_phone": "13912345678"}
        elif by == LEADER and source == Case.Source.SELF:
            source = Case.Source.NEIGHBOURS
        elif by != "wangge":
            source = Case.Source.FIELD
        answer = self.helpers.report(by=user, now=self.now, given=given, source=source)
        self.cases.append(answer.uuid)

    sources = st.sampled_from([Case.Source.FIELD, Case.Source.FIELD, Case.Source.SELF])

    @initialize(by=st.sampled_from(REPORTERS), loop=st.sampled_from(Loop), state=st.sampled_from(OPEN))
    def begin(self, by: str, loop: Loop, state: State) -> None:
        """Somewhere in the middle, so that short lives see all of the table."""
        self.report(by, loop, Case.Source.FIELD)
        for move in PATHS[state]:
            self.helpers.step(self.cases[0], move, now=self.now)
        self.holds()

    @rule(by=st.sampled_from(REPORTERS), loop=st.sampled_from(Loop), source=sources)
    def report_another(self, by: str, loop: Loop, source: str) -> None:
        if len(self.cases) < 4:
            self.report(by, loop, source)
        self.holds()

    @rule(data=st.data(), knows=st.sampled_from([True, True, True, True, False]))
    def move(self, data: st.DataObject, knows: bool) -> None:
        """Somebody makes a move, most often one of the table, with what it asks for; or anybody tries anything."""
        living = [case.uuid for case in Case.objects.exclude(state__in=FINAL).order_by("pk")]
        if knows and not living:  # where every case has ended, the next one is reported
            self.report("wangge", Loop.COMMUNITY, Case.Source.FIELD)
            living = self.cases[-1:]
        case, leg = self.helpers.look(data.draw(st.sampled_from(living or self.cases), label="case"))
        known = TABLE.moves_from(State(case.state))
        move = data.draw(st.sampled_from(known if knows and known else MADE_BY_PEOPLE), label="move")
        able = self.helpers.candidates(case, leg, move, self.now) if knows else []
        by = data.draw(st.sampled_from(able or self.everybody), label="person")
        given = self.given(data, move, case, leg, by)
        stale = data.draw(st.sampled_from([False] * 9 + [True]), label="stale")
        seen = case.legs.order_by("pk").first().pk if stale else leg and leg.pk
        self.try_to(case, move, by, given, seen)
        self.holds()

    def given(
        self, data: st.DataObject, move: Move, case: Case, leg: Leg | None, by: User
    ) -> dict[str, object]:
        """What the move asks for as far as the case has it; now and then something is left out."""
        target = Case.objects.get(uuid=data.draw(st.sampled_from(self.cases), label="target"))
        if leg is None or State(case.state) not in move.sources:
            return {}
        given = self.helpers.answers(move, case, leg, by, self.now, {"target": target})
        given = {name: given[name] for name in move.needs}
        if given and data.draw(st.sampled_from([False] * 9 + [True]), label="forgets"):
            given.pop(data.draw(st.sampled_from(sorted(given)), label="forgotten"))
        return given

    def try_to(self, case: Case, move: Move, by: User, given: dict[str, object], leg: int | None) -> None:
        before = tally()
        try:
            answer = actions.perform(
                case.uuid, move.name, by=by, now=self.now, key=uuid.uuid4(), given=given, leg=leg
            )
        except (Refused, Case.DoesNotExist) as refusal:
            assert tally() == before, f"{move.name} was refused and left a trace"
            self.is_told(case, move, by, leg, refusal)
            return
        assert isinstance(answer, Answer) and answer.version == case.version + 1
        assert by not in self.strangers
        if move.name in ("pass", "fail"):
            assert by.pk not in {*case.reporters, *case.handlers}
        after = Case.objects.get(pk=case.pk)
        assert after.was_late or not case.was_late or move.name == "grant_extension"
        AnyLife.moves_made += 1

    def is_told(self, case: Case, move: Move, by: User, leg: int | None, refusal: Exception) -> None:
        """Refused for what was given, or for a reason that the page shows before: none is met at the door alone."""
        if isinstance(refusal, Case.DoesNotExist):
            assert not Case.objects.visible_to(by).filter(pk=case.pk).exists()
            return
        now_open = Leg.objects.open().filter(case=case).first()
        why = RULES.why_not(move, Situation(Case.objects.get(pk=case.pk), by, self.now, leg=now_open))
        is_stale = leg is not None and (now_open is None or now_open.pk != leg)
        said = refusal.sentence
        assert said == (why and why.sentence) or is_stale or (why is None and refusal.field), (
            move.name,
            said,
        )

    # What time does

    @rule(jump=st.sampled_from(JUMPS))
    def wait(self, jump: str) -> None:
        due = Leg.objects.open().exclude(sweep_at=None).order_by("sweep_at").first()
        if jump != "what is due next":
            self.now += LENGTHS[jump]
        elif due:
            self.now = max(self.now, due.sweep_at)
        late = set(Case.objects.filter(was_late=True).values_list("pk", flat=True))
        AnyLife.moves_made += actions.sweep(now=self.now)
        assert self.failures.heard == []
        assert late <= set(Case.objects.filter(was_late=True).values_list("pk", flat=True))
        self.holds()


@pytest.mark.trust
@pytest.mark.django_db
def test_nothing_that_people_or_time_do_contradicts_itself(promise):
    AnyLife.look_around()
    AnyLife.steps = AnyLife.moves_made = 0
    run_state_machine_as_test(
        AnyLife,
        settings=settings(
            max_examples=STEPS * 12 // LENGTH // 10,
            stateful_step_count=LENGTH,
            derandomize="GRIDLOOP_TRUST"
            not in os.environ,  # the same lives every day; other ones in the full run
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert AnyLife.steps >= STEPS and AnyLife.moves_made >= STEPS // 4
    promise("a step of any life breaks no rule", tried=AnyLife.steps, held=AnyLife.steps)
