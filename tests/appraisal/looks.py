"""What nightly looks find at the stage, made by real reports and real looks."""

import datetime as dt

from django.utils import timezone

from appraisal.missed import find_missed
from appraisal.models import MissedReport, PlaceWarning, RepeatPlace
from appraisal.periods import DAY
from appraisal.repeats import find_repeats
from appraisal.warnings import find_warnings
from cases.models import Case
from tests import lives, people

#: How many there were in the weeks before, the nearest first; about two are usual.
AUTUMN = (0, 0, 2, 1, 2, 0, 0, 1, 2, 2, 0, 2, 1, 1, 1, 1)


def reports_on(day: dt.date, times: int) -> None:
    for number in range(times):
        lives.reported(now=lives.at(day.month, day.day, 9, number, year=day.year))


def weeks_before(day: dt.date, *numbers: int) -> None:
    """So many reports in each of the weeks before the one that ends on a day, the nearest first."""
    for week, number in enumerate(numbers, 1):
        reports_on(day - week * 7 * DAY, number)


def by_telephone(now: dt.datetime = lives.MORNING) -> Case:
    caller = {"name": "王女士", "phone": "13888880000"}
    return lives.reported(source=Case.Source.PHONE, by=people.clerk(), now=now, **caller)


def looked_at(now: dt.datetime) -> tuple[PlaceWarning, RepeatPlace, MissedReport]:
    """A warning of the community, a repeat place and a report that was perhaps missed, found in the night before now."""
    yesterday = timezone.localdate(now) - DAY
    weeks_before(yesterday, *AUTUMN)
    reports_on(yesterday, 8)
    morning = lives.at(yesterday.month, yesterday.day, 9, year=yesterday.year)
    call = by_telephone(morning)
    for find in (find_warnings, find_repeats, find_missed):
        find(now=now)
    warning = PlaceWarning.objects.get(day=yesterday, place__code=people.COMMUNITY)
    # Shortly after midnight other cases of a test were made yesterday too.
    repeat = RepeatPlace.objects.get(category=lives.settled_by("community"), territory=warning.place)
    return warning, repeat, MissedReport.objects.get(case=call)
