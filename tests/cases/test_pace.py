"""A program does so much within a minute and no more, whatever comes at the same moment."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from cases import actions, pace, photos
from cases.models import Case, CaseEvent, Photo
from cases.workflow import Loop
from governance.models import ApiKey
from records.refusals import TooFast
from tests import people
from tests.lives import MORNING, inside, reported, settled_by
from tests.photos import jpeg
from tests.rivals import Rivals, rivals
from tests.scale import tries

pytestmark = [pytest.mark.trust, pytest.mark.django_db(transaction=True)]
RIVALS, LIMIT = 8, 5
ROUNDS = tries(3, full=10, trust=40)


@pytest.fixture
def crowd(transactional_db, monkeypatch) -> Iterator[Rivals]:
    monkeypatch.setattr(pace, "PROGRAM_A_MINUTE", LIMIT)
    with rivals(RIVALS) as found:
        yield found


def report(program: ApiKey) -> Callable[[], object]:
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "占道。"}
    return lambda: actions.report(
        by=program, now=MORNING, key=uuid.uuid4(), given=given, source=Case.Source.API
    )


def comment(program: ApiKey, case: Case) -> Callable[[], object]:
    given = {"words": "又来了一辆。"}
    return lambda: actions.perform(
        case.uuid, "comment", by=program, now=MORNING, key=uuid.uuid4(), given=given
    )


def upload(program: ApiKey, number: int) -> Callable[[], object]:
    data = jpeg(colour=f"#7a8b{number:02x}")
    return lambda: photos.store(data, by=program, now=MORNING, key=uuid.uuid4())


def written(program: ApiKey) -> int:
    return CaseEvent.objects.filter(program=program).count() + Photo.objects.filter(program=program).count()


def files() -> set[Path]:
    return set((Path(settings.MEDIA_ROOT) / "photos").rglob("*.jpg"))


@pytest.mark.parametrize("what", ["reports", "comments on one case", "of everything"])
def test_of_eight_things_at_once_as_many_are_done_as_the_limit_allows(what, crowd, promise):
    answers: Counter[type] = Counter()
    for number in range(ROUNDS):
        program = people.program(f"摄像头 {number}")
        own = reported(by=program, source=Case.Source.API)
        some = {
            "reports": [report(program)] * RIVALS,
            "comments on one case": [comment(program, own)] * RIVALS,
            "of everything": [
                report(program),
                comment(program, own),
                upload(program, number),
                comment(program, own),
            ]
            * 2,
        }[what]
        answers.update(type(answer) for answer in crowd.at_once(some))
        assert written(program) == LIMIT
    done = ROUNDS * (LIMIT - 1)  # the first report counts too
    assert answers.pop(TooFast) == ROUNDS * RIVALS - done and sum(answers.values()) == done
    assert not [kind for kind in answers if issubclass(kind, Exception)]
    promise("a program keeps its pace though eight come at once", tried=ROUNDS * RIVALS, held=ROUNDS * RIVALS)


def test_a_picture_that_came_too_fast_leaves_no_file(crowd):
    program, before = people.program(), files()
    for _ in range(LIMIT - 2):
        report(program)()
    answers = crowd.at_once([upload(program, number) for number in range(4)])  # so many are rebuilt at a time
    assert Counter(map(type, answers)) == {Photo: 2, TooFast: 2}
    assert len(files() - before) == 2 * 2  # each with its thumbnail


def test_one_program_waits_for_no_other(crowd):
    programs = [people.program(f"平台 {number}") for number in range(RIVALS)]
    answers = crowd.at_once([report(program) for program in programs])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
