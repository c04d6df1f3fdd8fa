import datetime as dt

from appraisal.missed import find_missed
from appraisal.models import Looked, MissedDecision, MissedReport, Repeat
from appraisal.repeats import find_repeats
from demo import year
from demo.looking_back import decide_missed, look_back, put_off
from demo.planning import RECENT, Part
from tests.demo.test_history import TODAY, make
from tests.demo.test_world import NOW

A_DAY = dt.timedelta(days=1)


def test_the_looks_wait_for_the_year_and_see_it_once(demo_world, plan):
    put_off(TODAY)
    assert find_repeats(now=NOW) == find_missed(now=NOW) == 0
    spot = [one for one in plan if one.address == year.REPEATS[0].address]
    overlooked = [one for one in plan if one.part in (Part.PATROL, Part.OVERLOOKED)][-6:]
    assert NOW - overlooked[0].at < RECENT * A_DAY
    make(demo_world, sorted(spot + overlooked, key=lambda one: one.at))
    assert find_repeats(now=NOW) == 0  # an hour later the same day is not looked at again
    assert look_back(TODAY) > 0
    assert Repeat.objects.filter(case__address=year.REPEATS[0].address).count() >= 3
    assert MissedReport.objects.filter(grid__code=year.OVERLOOKED.grid).count() >= 2
    assert look_back(TODAY) == 0
    assert set(Looked.objects.values_list("until", flat=True)) == {TODAY - A_DAY}
    assert find_repeats(now=NOW + A_DAY) == 0  # goes on with the day itself


def test_a_duty_chief_decides_what_was_missed_but_for_the_latest(demo_world, plan):
    put_off(TODAY)
    make(demo_world, [one for one in plan if one.part in (Part.PATROL, Part.OVERLOOKED)][-14:])
    look_back(TODAY)
    decide_missed(demo_world.hands, demo_world.random, NOW)
    decided = MissedDecision.objects.select_related("by", "report")
    assert decided and all(one.report.day < TODAY - 5 * A_DAY for one in decided)
    assert {one.by.posts.get().organization_id for one in decided} == {
        one.report.case.street_id for one in decided
    }
