"""Cases left out of adjusted figures at the stage, by the real actions."""

import datetime as dt

from appraisal.exclusions import ask, decide
from appraisal.models import Exclusion, ExclusionDecision
from appraisal.periods import DAY
from cases.models import Case
from governance.models import User
from governance.roles import Duty, Role
from tests import lives, people

NOW = lives.MORNING + DAY
AGREE, REFUSE, END = (
    ExclusionDecision.Verdict.AGREE,
    ExclusionDecision.Verdict.REFUSE,
    ExclusionDecision.Verdict.END,
)


def chief(place: str = people.STREET) -> User:
    return people.someone(Role.DUTY_CHIEF, place)


def leader(place: str = people.STREET) -> User:
    return people.someone(Role.LEADER, place)


def asker(case: Case) -> User:
    """Somebody of the unit that settles the case."""
    return lives.hands().holding(Duty.HANDLE, case.unit_id)[0]


def asked(
    case: Case, by: User | None = None, words: str = "暴雨内涝，车辆不能到场。", now: dt.datetime = NOW
) -> Exclusion:
    ground = Exclusion.Ground.FORCE_MAJEURE
    return ask(case.pk, ground=ground, words=words, by=by or asker(case), now=now)


def say(
    found: Exclusion, verdict: str, by: User, reason: str = "情况属实", now: dt.datetime = NOW
) -> ExclusionDecision:
    return decide(found.pk, verdict=verdict, reason=reason, by=by, now=now)


def excluded(case: Case, now: dt.datetime = NOW) -> Exclusion:
    """A case that two leaders have left out."""
    found = asked(case, now=now)
    for by in (leader(), leader(people.DISTRICT)):
        say(found, AGREE, by, now=now)
    found.refresh_from_db()
    return found
