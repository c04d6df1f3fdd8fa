import datetime as dt

from appraisal.adjusting import left_out_by_decisions
from appraisal.models import Exclusion
from cases.actions import sweep
from cases.workflow import Loop, State
from demo.excluding import STORIES, exclude_some
from tests import lives
from tests.demo.test_world import NOW

LATER = dt.timedelta(hours=1)


def test_late_cases_are_asked_to_be_left_out_in_every_state_by_those_who_may(demo_world):
    cases = [lives.case_at(State.HANDLING, loop=Loop.STREET) for _ in STORIES]
    sweep(now=cases[0].due_at + LATER)
    for case in cases:
        lives.walk(case, "feedback", "pass", "close", now=case.due_at + 2 * LATER)
    assert exclude_some(demo_world.hands, NOW) == len(STORIES)
    assert {one.state for one in Exclusion.objects.all()} == set(Exclusion.State)
    granted = set(Exclusion.objects.granted().values_list("case", flat=True))
    assert granted == left_out_by_decisions() and len(granted) == 2
    assert not Exclusion.objects.filter(asked_at__gt=NOW).exists()
    assert exclude_some(demo_world.hands, NOW) == 0
