"""The numbers of the rules, each with its source; what cities set differently may be overridden by a district, dated.

Limits of the steps stand in the responsibility list, working windows in the calendar. This module knows no database.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import TextChoices

from cases.workflow import Loop

#: A second refusal is a dispute, which an adjudicator of the commanding centre decides (domain: refusing).
REFUSALS_BEFORE_DISPUTE = 2
#: Drawn once, and twice anew when late; then the desk checks (domain: checks by another person).
DRAWS = 3
#: How far ahead a leader may set the date of an answer (ours: later than a year is a typing error).
LONGEST_DEADLINE = dt.timedelta(days=366)
#: Indexes of open cases carry everyone who had a part; a row of them has room for about 600 (measured).
MOST_PEOPLE = 400
#: Reports, comments and photos of one program (ours: a camera sees less, and a desk cannot read more).
PROGRAM_A_MINUTE = 60
#: How long a mark that was written late is seen before the case is escalated (ours: time to look and act).
SEEN_FOR = dt.timedelta(minutes=15)
#: The desk's own clocks for a category that the list does not know (ours, after the shortest rows of the list).
LIMITS_WITHOUT_A_ROW = {Loop.COMMUNITY: "4 工作时", Loop.STREET: "4 工作时", Loop.DISTRICT: "8 工作时"}


class Overridable(TextChoices):
    """Numbers that a district may set for itself."""

    REOPEN_DAYS = "reopen_days", "结案后可重开的天数"
    EXTENSIONS = "extensions", "最多延期次数"
    SUSPENSION_DAYS = "suspension_days", "挂账最长天数"
    SUPERVISION_DAYS = "supervision_days", "系统督办的答复天数"
    CHECK_METRES = "check_metres", "核实、核查离案件多远须说明原因（米）"


#: A district may grant no extension and reopen nothing; a time of no days would ask the sweep again at once.
MAY_BE_NONE = (Overridable.REOPEN_DAYS, Overridable.EXTENSIONS)
#: Days: the calendar is read so far ahead (``cases.calendar``). Metres: further off nothing is seen (ours).
MOST = 366
MOST_METRES = 5000


@dataclass(frozen=True)
class RuleNumbers:
    """What holds in a district on a day: counts, or calendar days."""

    #: A resident or reporter who finds it unsettled says so within a week (design: reopen).
    reopen_days: int = 7
    #: Asked before the deadline, at most twice (domain: extension 延期).
    extensions: int = 2
    #: Once a case, at most a year (domain: suspension 挂账).
    suspension_days: int = 366
    #: How long a named leader has to answer an order of the system (ours).
    supervision_days: int = 3
    #: What is checked is seen from there; a fix between tall houses is 30 to 50 m off (ours: twice that).
    check_metres: int = 100

    def overridden(self, rows: Iterable[tuple[dt.date, str, int]], on: dt.date) -> "RuleNumbers":
        """With a district's own numbers (valid from, name, value; oldest first) that hold on a day."""
        return replace(self, **{name: value for since, name, value in rows if since <= on})
