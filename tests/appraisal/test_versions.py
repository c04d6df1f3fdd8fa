"""Two versions of a measure: a period that lies across the change is told by sections, the board counts it by the newest."""

import datetime as dt
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest
from django.test import Client

from appraisal import catalogue
from appraisal.catalogue import measures, versions_of
from appraisal.counting import counts
from appraisal.denominators import choices_of, sections_of
from appraisal.figures import figure
from appraisal.listing import listed
from appraisal.models import DenominatorChoice
from appraisal.periods import DAY, Period
from appraisal.slices import Slice
from cases.models import Case
from cases.workflow import State
from governance.models import Organization
from governance.roles import Role
from tests import lives, people
from tests.scale import tries

pytestmark = pytest.mark.django_db
SEED = os.environ.get("GRIDLOOP_SEED", "9")
KEY = "closed_in_time_rate"
CHANGED = dt.date(2026, 11, 10)
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))


@pytest.fixture
def two_versions(tmp_path, monkeypatch) -> Iterator[None]:
    """From the tenth of November on, what was handled on the spot counts as closed in time."""
    for path in catalogue.DATA.iterdir():
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = (tmp_path / "measures.toml").read_text(encoding="utf-8")
    (block,) = re.findall(rf"(?ms)^\[{KEY}\].*?(?=^\[(?!{KEY}))", text)
    first = block.replace(f"[{KEY}]", f"[[{KEY}]]")
    second = first.replace("version = 1", "version = 2").replace("2026-01-01", f"{CHANGED}")
    second = second.replace('numerator = "closed_in_time"', 'numerator = "closed_in_time + self_handled"')
    second = second.replace('denominator = "closed"', 'denominator = "closed + self_handled"')
    (tmp_path / "measures.toml").write_text(text.replace(block, first + second), encoding="utf-8")
    monkeypatch.setattr(catalogue, "DATA", tmp_path)
    catalogue.forget()
    yield
    monkeypatch.undo()
    catalogue.forget()


@pytest.fixture
def settled(two_versions) -> Slice:
    """A case closed, and one handled on the spot, on several days around the change."""
    for day in (2, 5, 9, 10, 11, 16):
        lives.case_at(State.CLOSED, now=lives.at(11, day, 9))
        on_the_spot = lives.reported(now=lives.at(11, day, 9), source=Case.Source.SELF)
        lives.walk(on_the_spot, "pass", "close", now=lives.at(11, day, 10))
    return Slice("district", Organization.objects.get(code=people.DISTRICT).pk)


def chosen(alternative: str, since: dt.date) -> None:
    DenominatorChoice.objects.create(
        district=Organization.objects.get(code=people.DISTRICT),
        measure=KEY,
        alternative=alternative,
        valid_from=since,
        basis="区办〔2026〕15 号",
        set_by=people.someone(Role.SYSTEM_ADMIN, people.DISTRICT),
        set_at=lives.MORNING,
    )


def test_a_period_across_the_change_has_a_section_of_each_version(settled):
    assert [one.version for one in versions_of(KEY)] == [1, 2] and measures()[KEY].version == 2
    before, after = sections_of(KEY, NOVEMBER, [])
    assert (before.period, before.measure.version) == (Period(NOVEMBER.begin, CHANGED - DAY), 1)
    assert (after.period, after.measure.version) == (Period(CHANGED, NOVEMBER.end), 2)
    sums = counts(measures()[KEY].counters, [before.period, after.period], settled)
    told = [figure(one.measure, sums[n, None]) for n, one in enumerate((before, after))]
    # Three cases each: what was handled on the spot counts since the change alone.
    assert [(one.numerator, one.denominator) for one in told] == [(3, 3), (6, 6)]


@pytest.mark.trust
def test_of_any_period_the_sections_are_all_of_it_and_each_counts_its_own_days(settled, promise):
    random = Random(SEED)
    chosen("due", dt.date(2026, 11, 7))
    chosen("", dt.date(2026, 11, 14))
    choices = choices_of(Organization.objects.get(code=people.DISTRICT).path)[KEY]
    tried = tries(30, full=100, trust=1000)
    for _ in range(tried):
        begin = dt.date(2026, 10, 25) + random.randrange(30) * DAY
        period = Period(begin, begin + random.randrange(30) * DAY)
        found = sections_of(KEY, period, choices)
        assert (found[0].period.begin, found[-1].period.end) == (period.begin, period.end)
        assert all(one.period.end + DAY == two.period.begin for one, two in pairwise(found))
        keys = frozenset().union(*(one.measure.counters for one in found))
        sums = counts(keys, [period, *(one.period for one in found)], settled)
        for key in keys:
            parts = sum(sums.get((n, None), {}).get(key, 0) for n in range(1, len(found) + 1))
            assert parts == sums.get((0, None), {}).get(key, 0)
        for number, one in enumerate(found, 1):
            assert one.measure.version == (2 if one.period.begin >= CHANGED else 1)
            told = figure(one.measure, sums.get((number, None)), one.alternative)
            rows = listed(one.measure.numerator.counters, one.period, settled, most=1000)[0]
            assert told.numerator == rows
            assert one.denominator is not None
            assert told.denominator == listed(one.denominator.counters, one.period, settled, most=1000)[0]
    promise("sections of versions are the whole period", tried=tried, held=tried)


def test_the_board_counts_the_whole_period_by_the_newest_and_the_passport_says_so(settled, time_machine):
    time_machine.move_to(lives.at(11, 18, 15), tick=False)
    client = Client()
    client.force_login(people.someone(Role.LEADER, people.DISTRICT))
    month = "?begin=2026-11-01&until=2026-11-18"
    (card,) = [one for one in client.get(f"/board/{month}").context["cards"] if one["measure"].key == KEY]
    assert (card["measure"].version, card["figure"].numerator, card["figure"].denominator) == (2, 12, 12)
    passport = client.get(f"/board/measures/{KEY}/{month}")
    page = passport.content.decode()
    assert passport.context["figure"] == card["figure"]
    assert [
        (one["section"].measure.version, one["figure"].denominator) for one in passport.context["sections"]
    ] == [(1, 3), (2, 6)]
    assert "看板上的数，整段都按第 2 版" in page and "第 1 版" in page
    whole = client.get(f"/board/measures/{KEY}/?begin=2026-11-10&until=2026-11-18")
    assert whole.context["sections"] == [] and "整段都按" not in whole.content.decode()
