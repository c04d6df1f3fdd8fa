"""What nightly looks find in the demo year: each sees a day once, so they wait until the year before is there."""

import datetime as dt
from random import Random

from django.db import transaction

from appraisal.missed import decide, find_missed
from appraisal.models import Looked, MissedDecision, MissedReport, PlaceWarning, Repeat
from appraisal.repeats import find_repeats
from appraisal.warnings import find_warnings
from cases.deadlines import SHANGHAI
from demo.hands import Hands
from demo.hours import DAY
from governance.roles import Duty

LOOKS = {
    Looked.What.WARNINGS: find_warnings,
    Looked.What.REPEATS: find_repeats,
    Looked.What.MISSED: find_missed,
}
Verdict = MissedDecision.Verdict
#: What a duty chief says of a report that was perhaps missed; the latest are still to be decided.
SAID = {
    Verdict.CONFIRMED: ("当天巡查经过此处，应当看到而未上报。", "照片显示问题存在多日，属漏报。"),
    Verdict.REJECTED: ("问题在巡查之后才出现。", "在院内，巡查时看不到。"),
}
UNDECIDED, MISSED_SHARE = 6 * DAY, 0.7


def put_off(day: dt.date) -> None:
    """Let the looks begin with a day."""
    for what in LOOKS:
        Looked.objects.update_or_create(what=what, defaults={"until": day - DAY})


@transaction.atomic
def look_back(day: dt.date) -> int:
    """Let the looks see the year before a day, once; returns how much they find."""
    night = dt.datetime.combine(day, dt.time(2), SHANGHAI)
    before = {"case__reported_at__lt": night}
    if (
        Repeat.objects.filter(**before).exists()
        or MissedReport.objects.filter(day__lt=day).exists()
        or PlaceWarning.objects.filter(day__lt=day).exists()
    ):
        return 0
    rows = list(Looked.objects.select_for_update())
    Looked.objects.update(until=None)
    found = sum(look(now=night) for look in LOOKS.values())
    for row in rows:  # what they have seen since then is seen
        row.until = row.until or day - DAY
        row.save()
    return found


def decide_missed(hands: Hands, random: Random, now: dt.datetime) -> None:
    """Duty chiefs decide about reports that were perhaps missed, but for the latest."""
    waiting = MissedReport.objects.filter(decision=None, day__lt=(now - UNDECIDED).date())
    for report in waiting.select_related("case").order_by("pk"):
        verdict = Verdict.CONFIRMED if random.random() < MISSED_SHARE else Verdict.REJECTED
        by = hands.holding(Duty.CHIEF, report.case.street_id)[0]
        decide(report.pk, verdict=verdict, reason=random.choice(SAID[verdict]), by=by, now=now)
