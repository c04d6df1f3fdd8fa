"""Whatever ends a step or hands a case over is done once, however many people press at the same moment."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

from cases import actions, photos
from cases.actions import Answer, KeyReused, Unfit
from cases.actions.legs import QUIET
from cases.actions.sweeping import sweep_leg
from cases.models import Case, CaseEvent, Leg, Photo
from cases.workflow import MOVES, Loop, State
from governance.models import User
from governance.refusals import Busy
from records import pictures
from tests import people
from tests.invariants import contradictions
from tests.lives import MORNING, case_at, eligible_units, hands, inside, reported, settled_by, walk
from tests.photos import jpeg
from tests.rivals import Rivals, is_clean, rivals
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.django_db(transaction=True)]
RIVALS = 8
ROUNDS = tries(1, full=4, trust=16)
LATER = MORNING + dt.timedelta(hours=1)
SWEEP = "sweep"


@dataclass(frozen=True)
class Race:
    """Moves that exclude each other on a case in a state; ``first`` is done before, ``red`` lets time run out."""

    state: State
    moves: tuple[str, ...]
    first: tuple[str, ...] = ()
    loop: Loop = Loop.COMMUNITY
    given: dict[str, object] = field(default_factory=dict)
    red: bool = False


# fmt: off
RACES = {
    "how a report goes on":        Race(State.REPORTED,   ("register", "decline", "withdraw", "send_to_check")),
    "what a check found":          Race(State.CHECKING,   ("found", "not_found")),
    "dispatch or send back":       Race(State.REGISTERED, ("dispatch", "return")),
    "up, down or dispatch":        Race(State.REGISTERED, ("dispatch", "escalate", "delegate"), loop=Loop.STREET),
    "up by time or by hand, or down": Race(State.REGISTERED, ("escalate", "delegate", SWEEP), loop=Loop.STREET, red=True),
    "up by time, eight times":     Race(State.REPORTED,   (SWEEP,), red=True),
    "who accepts":                 Race(State.DISPATCHED, ("accept",)),
    "eight refusals":              Race(State.DISPATCHED, ("refuse",)),
    "done or refused":             Race(State.HANDLING,   ("feedback", "refuse")),
    "done or too late":            Race(State.HANDLING,   ("feedback", SWEEP), red=True),
    "who settles a dispute":       Race(State.DISPUTED,   ("adjudicate",)),
    "asked for more time":         Race(State.HANDLING,   ("ask_extension",)),
    "more time or not":            Race(State.HANDLING,   ("grant_extension", "deny_extension"), first=("ask_extension",)),
    "asked to suspend":            Race(State.HANDLING,   ("ask_suspension",)),
    "who endorses a suspension":   Race(State.HANDLING,   ("endorse_suspension",), first=("ask_suspension",)),
    "suspended or not":            Race(State.HANDLING,   ("grant_suspension", "deny_suspension"), first=("ask_suspension", "endorse_suspension")),
    "resumed by hand or by time":  Race(State.SUSPENDED,  ("resume", SWEEP), red=True),
    "passed or failed":            Race(State.HANDLED,    ("pass", "fail")),
    "passed or drawn anew":        Race(State.HANDLED,    ("pass", SWEEP), red=True),
    "closed or not":               Race(State.VERIFIED,   ("close", "refuse_closing")),
    "closed or raised":            Race(State.VERIFIED,   ("close", SWEEP), red=True),
    "evaluated or reopened":       Race(State.CLOSED,     ("evaluate", "reopen")),
    "evaluated or lapsed":         Race(State.CLOSED,     ("evaluate", SWEEP), red=True),
    "asked to void":               Race(State.REGISTERED, ("ask_void",)),
    "void or not":                 Race(State.REGISTERED, ("grant_void", "deny_void"), first=("ask_void",)),
    "who orders supervision":      Race(State.HANDLING,   ("order_supervision",)),
    "who answers an order":        Race(State.HANDLING,   ("reply_supervision",), first=("order_supervision",)),
    "who strikes an order off":    Race(State.HANDLING,   ("accept_supervision",), first=("order_supervision", "reply_supervision")),
    "urged once a day":            Race(State.HANDLING,   ("urge",)),
}
# fmt: on


@pytest.fixture
def crowd(transactional_db) -> Iterator[Rivals]:
    with rivals(RIVALS) as found:
        yield found


def doing(case: Case, leg: Leg, name: str, number: int, now: dt.datetime, race: Race) -> Callable:
    """What one rival does: somebody who may, on the leg that everybody saw."""
    if name == SWEEP:
        return lambda: sweep_leg(leg, now=now)
    helpers, move = hands(), MOVES[name]
    able = helpers.candidates(case, leg, move, now)
    assert able, (name, case.state)
    by = able[number % len(able)]
    given = helpers.answers(move, case, leg, by, now, dict(race.given))

    def run() -> Answer:
        me = User.objects.get(pk=by.pk)
        return actions.perform(case.uuid, name, by=me, now=now, key=uuid.uuid4(), given=given, leg=leg.pk)

    return run


def run(race: Race, crowd: Rivals) -> tuple[list[object], int]:
    """Answers of the rivals, and how many moves the case took."""
    case = walk(case_at(race.state, loop=race.loop), *race.first)
    case, leg = hands().look(case.uuid)
    now = LATER
    if race.red:
        now = leg.escalate_at
        for earlier in () if leg.step in QUIET else (leg.warn_at, leg.due_at):
            sweep_leg(leg, now=earlier)  # only what comes after the grace is left to do
            leg.refresh_from_db()
    version = Case.objects.get(pk=case.pk).version
    names = [race.moves[number % len(race.moves)] for number in range(RIVALS)]
    leg = Leg.objects.select_related("case").get(pk=leg.pk)
    answers = crowd.at_once([doing(case, leg, name, number, now, race) for number, name in enumerate(names)])
    return answers, Case.objects.get(pk=case.pk).version - version


def test_of_moves_that_exclude_each_other_one_is_made(crowd, promise):
    tried = 0
    for _ in range(ROUNDS):
        for name, race in RACES.items():
            answers, made = run(race, crowd)
            unclean = [answer for answer in answers if not is_clean(answer)]
            assert (unclean, made) == ([], 1), (name, answers)
            tried += 1
    assert contradictions() == []
    promise("a race of eight for one case has one winner", tried=tried, held=tried)


# Merges -----------------------------------------------------------------------------------------------------------


def doing_as(username: str, case: Case, name: str, **given: object) -> Callable[[], Answer]:
    """A move of somebody by name, on whatever leg is open."""

    def run() -> Answer:
        by = User.objects.get(username=username)
        return actions.perform(case.uuid, name, by=by, now=LATER, key=uuid.uuid4(), given=given)

    return run


def merging(case: Case, target: Case) -> Callable[[], Answer]:
    return doing_as("shequ", case, "merge", target=target)


def test_merges_in_every_direction_at_once_end_in_one_case(crowd, promise):
    """Around a ring and against each other: whoever was merged takes nobody in, and no lock waits for another."""
    rounds = tries(1, full=4, trust=16)
    for _ in range(rounds):
        ring = [reported() for _ in range(4)]
        pairs = [(ring[n], ring[(n + 1) % 4]) for n in range(4)]
        answers = crowd.at_once([merging(one, to) for a, b in pairs for one, to in ((a, b), (b, a))])
        won = sum(isinstance(answer, Answer) for answer in answers)
        refused = sum(isinstance(answer, actions.Refused) for answer in answers)
        states = Case.objects.filter(pk__in=[case.pk for case in ring]).values_list("state", flat=True)
        assert 2 <= won <= 3 and won + refused == RIVALS, answers
        assert sorted(states) == sorted([State.MERGED] * won + [State.REPORTED] * (4 - won))
    assert contradictions() == []
    promise("merges at once go one way", tried=rounds * RIVALS, held=rounds * RIVALS)


def test_eight_merged_into_one_at_once_all_arrive_while_it_is_dispatched(crowd):
    target = case_at(State.REGISTERED)
    by = [*User.objects.filter(posts__role="grid_worker").order_by("pk")[:7]]
    sources = [reported(by=user) for user in by]
    open_leg = target.legs.get(stopped_at=None)
    dispatch = doing(target, open_leg, "dispatch", 0, LATER, RACES["who accepts"])
    answers = crowd.at_once([*(merging(source, target) for source in sources), dispatch])
    assert all(isinstance(answer, Answer) for answer in answers), answers
    target.refresh_from_db()
    assert target.state == State.DISPATCHED and {user.pk for user in by} <= set(target.reporters)
    assert contradictions() == []


def test_a_case_that_ends_takes_nobody_in_at_the_same_moment(crowd):
    for _ in range(ROUNDS):
        one, target = reported(by=User.objects.get(username="zhiyuan")), reported()
        ending = doing_as("wangge", target, "withdraw")
        answers = crowd.at_once([merging(one, target)] * 4 + [ending] * 4)
        won = [answer.move for answer in answers if isinstance(answer, Answer)]
        assert won in (["merge"], ["withdraw"]), answers
        assert all(isinstance(answer, Answer | actions.Refused) for answer in answers), answers
    assert contradictions() == []


# Sweeps -----------------------------------------------------------------------------------------------------------


def test_eight_sweeps_at_once_do_what_is_due_on_each_leg_once(crowd, promise):
    number = tries(12, trust=50)
    cases = [case_at(State.HANDLING).pk for _ in range(number)]
    leg = Leg.objects.filter(case=cases[0]).latest("pk")
    before = CaseEvent.objects.count()
    for moment in (leg.due_at, leg.escalate_at):
        crowd.at_once([lambda now=moment: actions.sweep(now=now)] * RIVALS)
    moves = CaseEvent.objects.filter(case__in=cases, by=None).values_list("case", "move")
    assert sorted(moves) == sorted((pk, move) for pk in cases for move in ("overdue", "escalate"))
    assert CaseEvent.objects.count() == before + 2 * number
    assert contradictions() == []
    promise("what time asks is done once by eight sweeps", tried=2 * number, held=len(moves))


def test_more_time_that_is_granted_while_the_sweep_looks_is_not_marked_late(crowd):
    for _ in range(ROUNDS):
        case = walk(case_at(State.HANDLING), "ask_extension")
        case, leg = hands().look(case.uuid)
        leg.case = case
        grant = doing(case, leg, "grant_extension", 0, leg.due_at, RACES["who accepts"])
        answers = crowd.at_once([grant] + [lambda leg=leg: sweep_leg(leg, now=leg.due_at)] * (RIVALS - 1))
        assert all(is_clean(answer) for answer in answers), answers
        assert isinstance(answers[0], Answer)
        case.refresh_from_db()
        marked = case.events.filter(move="overdue").count()
        assert marked <= 1
    assert contradictions() == []


# The same key -----------------------------------------------------------------------------------------------------


def test_eight_reports_of_one_key_and_different_words_make_one_case(crowd):
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY)}
    for _ in range(ROUNDS):
        key = uuid.uuid4()

        def send(number: int, key: uuid.UUID = key) -> Answer:
            words = given | {"words": f"第 {number} 种说法"}
            return actions.report(by=people.worker(), now=MORNING, key=key, given=words)

        answers = crowd.at_once([lambda n=n: send(n) for n in range(RIVALS)])
        assert sum(isinstance(answer, KeyReused) for answer in answers) == RIVALS - 1, answers
        assert CaseEvent.objects.filter(key=key).count() == 1


def test_one_key_for_moves_on_eight_cases_moves_one(crowd):
    cases = [case_at(State.REGISTERED) for _ in range(RIVALS)]
    key, unit = uuid.uuid4(), eligible_units(cases[0])[0]

    def dispatch(case: Case) -> Answer:
        given = {"unit": unit}
        return actions.perform(case.uuid, "dispatch", by=people.clerk(), now=LATER, key=key, given=given)

    answers = crowd.at_once([lambda case=case: dispatch(case) for case in cases])
    assert sum(isinstance(answer, Answer) for answer in answers) == 1
    assert sum(isinstance(answer, KeyReused) for answer in answers) == RIVALS - 1, answers
    assert Case.objects.filter(state=State.DISPATCHED).count() == 1


# Photos -----------------------------------------------------------------------------------------------------------


def files() -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def sent(data: bytes, key: uuid.UUID) -> Photo:
    """A photo that is sent again as long as the site is too busy for it, as phones do."""
    while True:
        try:
            return photos.store(data, by=people.worker(), now=MORNING, key=key)
        except Busy:
            continue


def test_one_picture_sent_by_eight_at_once_under_one_key_is_kept_once(crowd):
    key, before = uuid.uuid4(), files()

    def send() -> Photo:
        return sent(jpeg(640, 480, "#112233"), key)

    answers = crowd.at_once([send] * RIVALS)
    assert {answer.pk for answer in answers} == {Photo.objects.get(uuid=key).pk}, answers
    assert files() - before == {pictures.path(answers[0]), pictures.thumb_path(answers[0])}


def test_eight_pictures_sent_at_once_under_one_key_are_one_and_seven_refusals(crowd):
    key, before = uuid.uuid4(), files()

    def send(number: int) -> Photo:
        return sent(jpeg(640, 480, f"#{number}12233"), key)

    answers = crowd.at_once([lambda n=n: send(n) for n in range(RIVALS)])
    assert sum(isinstance(answer, Photo) for answer in answers) == 1, answers
    assert sum(isinstance(answer, KeyReused) for answer in answers) == RIVALS - 1
    assert len(files() - before) == 2


def test_photos_taken_by_two_reports_at_once_belong_to_one_of_them(crowd):
    """Each as before and after, the other way around: whoever waits for one photo does not hold another."""
    by, position = people.worker(), inside()
    given = {"position": position, "category": settled_by(Loop.COMMUNITY), "words": "已当场清理。"}
    for round_ in range(ROUNDS):
        one, other = (
            photos.store(jpeg(640, 480, f"#{shade}0{round_:02}00"), by=by, now=MORNING).uuid for shade in "ab"
        )

        def send(before: uuid.UUID, after: uuid.UUID) -> Answer:
            pictures = {"before_photo": [before], "after_photo": [after]}
            return actions.report(
                by=people.worker(),
                now=MORNING,
                key=uuid.uuid4(),
                given=given | pictures,
                source=Case.Source.SELF,
            )

        answers = crowd.at_once(
            [lambda a=a, b=b: send(a, b) for a, b in [(one, other), (other, one)] * (RIVALS // 2)]
        )
        assert sum(isinstance(answer, Answer) for answer in answers) == 1, answers
        assert sum(isinstance(answer, Unfit) for answer in answers) == RIVALS - 1, answers
    assert contradictions() == []
