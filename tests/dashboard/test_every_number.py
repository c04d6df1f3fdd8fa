"""Every number of every page of the board opens what it counts, or stands here with the reason why it has no list."""

import datetime as dt
import re
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from appraisal.catalogue import counters, every_measure, stocks
from appraisal.models import DenominatorChoice
from appraisal.tallying import tally
from cases.actions import sweep
from cases.models import Case
from cases.workflow import Loop, State
from governance.models import Organization
from governance.roles import Role
from tests import lives, people
from tests.appraisal.excluding import excluded as exclude
from tests.appraisal.looks import looked_at
from tests.dashboard.listing import lines_of, listed
from tests.dashboard.pages import Shown, numbers_of
from tests.dashboard.test_board import signed_in
from tests.partybuilding.blowing import blown
from tests.scale import tries

pytestmark = pytest.mark.django_db

NOW = lives.at(11, 18, 10)
RATE = "closed_in_time_rate"
ROLES = {
    "leader of the district": (Role.LEADER, people.DISTRICT),
    "leader of a street": (Role.LEADER, people.STREET),
    "clerk of a community": (Role.CLERK, people.COMMUNITY),
    "chief of the district": (Role.DUTY_CHIEF, people.DISTRICT),
    "auditor": (Role.AUDITOR, people.DISTRICT),
    "head of a unit": (Role.UNIT_HEAD, ""),
}
PAGES = (
    "/board/",
    "/board/?period=today&loop=base",
    "/board/?grid={grid}&place={community}",
    "/board/?place={unit}",
    "/board/mine/",
    "/board/mine/?place={street}",
    "/board/mine/?place={unit}",
    "/board/trends/",
    "/board/trends/?measure=overdue_now&compare=year",
    f"/board/trends/?measure={RATE}&step=week&source=others",
    f"/board/map/?measure={RATE}",
    "/board/map/?measure=reported",
    "/board/map/?measure=open_now&level=community",
    "/board/map/?measure=reported&level=grid&place={community}",
    "/board/measures/",
    "/board/measures/?period=today",
    f"/board/measures/{RATE}/?recount=yes",
    "/board/measures/open_now/",
    "/board/warnings/",
    "/board/repeats/",
    "/board/missed/",
    "/board/exclusions/",
    f"/board/exclusions/?measure={RATE}",
    "/board/places/{community}/",
    "/board/places/{street}/",
    "/board/places/{unit}/",
)

#: Texts with digits that open nothing: tags and classes around them, what they say (all of it), why there is no list.
DECLARED = (
    ((), r"/?|0(\.0)? ?(%|件|次|个|小时|分|/)?", "nothing has no list"),
    (("h1",), r".*", "names the page"),
    (("th",), r".*", "names a row or a column: a place, a category, an age, an hour; of a place its address"),
    (("code",), r".*", "the number of a place, not of things"),
    (("stat-foot",), r"剔除后 .*", "the rate beside it without the excluded cases, which have their list"),
    (("counted-head", "small"), r"\d+ 项.*", "how many lines the list below it has"),
    (("look-numbers",), r".*", "a number of the rule, with its source beside it"),
    (("change",), r".*", "a difference: both of its numbers have lists, the earlier one under its own period"),
    (("chart-growth", "td"), r"[+−].*", "a difference of the two numbers beside it"),
    (("chart-funnel", "small"), r"[\d.]+%", "a share of the first step, whose number has its list"),
    (("chart", "tfoot"), r".*", "of all peers, also those out of sight: only their mean is said"),
    (("chart", "figcaption"), r".*", "how many are compared, the place among them, how many are too small"),
    (("chart-trend", "small"), r"\d+ / \d+", "a month of a passport, by the denominator of the page and not of its time"),
    (("beside", "td"), r".*", "of all peers together, also those out of sight; a rank among them"),
    (("h2",), r"与.* \d+ 个.*比", "how many peers there are, also those out of sight"),
    (("shade-legend",), r".*", "how many places have the shade: they stand in the table beside"),
    (("stat-number",), r"[\d.,]+", "a passport: what its number is made of stands below with its lists"),
    (("table", "td"), r"[\d,.]+(%|小时)?", "counters and parts of a period in a passport: their rows stand in its lists"),
    (("td", "soft"), r".*", "words of a measure, or of a decision about it"),
    (("facts", "dd"), r".*", "words about a measure; who found a report, and where"),
    (("card-body", "p"), r".*", "words of a rule, of a recount or of a kind"),
    (("note",), r".*", "what a recount has read, or what a place lacks"),
    (("article",), r".*", "the page of a place: what it counts stands on it by name"),
)  # fmt: skip
#: Lists that each role opens; all of them in the full run.
OPENED = tries(15, full=10_000)


@pytest.fixture
def full(time_machine) -> dict[str, int]:
    """Something on every page: in all loops, settled and late, outside every grid, whistled for; other denominators in use."""
    looked_at(NOW)
    morning = NOW - dt.timedelta(hours=1)
    unit = lives.case_at(State.HANDLING, loop=Loop.STREET, now=morning).unit
    for loop in Loop:
        lives.case_at(State.EVALUATED, loop=loop, now=morning)
    lives.walk(lives.reported(source=Case.Source.SELF, now=morning), "pass", "close", now=morning)
    for _ in range(11):
        lives.case_at(State.CLOSED, now=morning)
    late = lives.case_at(State.DISPATCHED, loop=Loop.STREET, now=NOW - dt.timedelta(days=20))
    sweep(now=late.due_at + dt.timedelta(minutes=1))
    for case in Case.objects.filter(state=State.CLOSED).exclude(unit=None)[:2]:
        exclude(case, now=NOW)
    inspector = people.someone(Role.INSPECTOR, people.DISTRICT)
    lives.reported(position=[103.5, 25.5], by=inspector, loop=Loop.DISTRICT, now=morning)
    blown()
    DenominatorChoice.objects.create(
        district=Organization.objects.get(code=people.DISTRICT),
        measure=RATE,
        alternative=every_measure()[RATE].alternatives[0].name,
        valid_from=timezone.localdate(NOW) - dt.timedelta(days=9),
        basis="区考核办法第 7 条",
        set_by=people.someone(Role.SYSTEM_ADMIN, people.DISTRICT),
        set_at=NOW,
    )
    time_machine.move_to(NOW, tick=False)
    tally(now=NOW)
    codes = {"street": people.STREET, "community": people.COMMUNITY}
    places = {name: Organization.objects.get(code=code).pk for name, code in codes.items()}
    return places | {"unit": unit.pk, "grid": Case.objects.exclude(grid=None)[0].grid_id}


class Reader:
    """Opens lists as somebody does, each once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.known: dict[str, float] = {}

    def number(self, url: str) -> float:
        """What the list behind an address comes to."""
        if url not in self.known:
            self.known[url] = self._number(url)
        return self.known[url]

    def _number(self, url: str) -> float:
        answer = self.client.get(url)
        assert answer.status_code == 200, url
        if url.startswith("/board/repeats/"):
            return len(answer.context["cases"])
        if url.startswith("/board/warnings/"):
            return answer.context["counted"]
        if url.startswith("/board/exclusions/"):
            return len(lines_of(self.client, url, answer))
        if url.startswith("/party/whistles/"):
            return float(re.search(r"[\d,]+", answer.context["total_words"])[0].replace(",", ""))
        assert url.startswith("/board/counted/"), url
        found, lines = answer.context["found"], lines_of(self.client, url, answer)
        if found.part.is_number_of_rows:
            return len(lines)
        labels = {one.label: key for key, one in {**counters(), **stocks()}.items()}
        sums = dict.fromkeys(found.part.formula.counters, 0)
        for line in lines:
            sums[labels[line.counter]] += line.amount
        return found.part.formula.value(sums)

    def rate(self, url: str) -> float:
        """A rate from both of its lists; of nothing in the numerator, that of the denominator is what it opens."""
        if "part=denominator" in url:
            return 0.0 if self.number(url) else -1
        measure = every_measure()[parse_qs(urlsplit(url).query)["measure"][0]]
        whole = url.replace("part=numerator", "part=denominator")
        return self.number(url) / self.number(whole) * (100 if measure.unit == "%" else 1)


def why_no_list(one: Shown) -> str:
    """The reason why a number opens nothing, as it is declared; nothing where it should open something."""
    reasons = (why for names, said, why in DECLARED if one.stands_in(*names) and re.fullmatch(said, one.text))
    return next(reasons, "")


def is_number(one: Shown) -> bool:
    """Whether a text that opens something says a number, and no name."""
    return not (one.stands_in("case-row") or one.stands_in("th") or re.search(r"\d{6}-\d{6}", one.text))


def wrong_with(one: Shown, reader: Reader) -> str:
    """What is wrong with the list behind a number; nothing where it has exactly that many."""
    text = one.text.replace(",", "")
    if one.url.startswith("/party/whistles/?late="):
        return ""  # late by the clock of the database, which tests do not set: tests/partybuilding/ compares both
    if found := re.fullmatch(r"(?:.* / |超期 |剔除 )?(-?\d+)(?: 件)?", text):
        said, says = float(found[1]), reader.number(one.url)
        return "" if said in (says, round(says)) else f"its list comes to {says}"
    if re.fullmatch(r"\d+\.\d%?", text):
        said, says = float(text.rstrip("%")), reader.rate(one.url)
        return "" if abs(said - says) < 0.0501 else f"its lists come to {says}"
    if one.stands_in("look-row"):
        counted = re.search(r"(\d+) 件，", text)
        return "" if not counted or float(counted[1]) == reader.number(one.url) else "its page has others"
    return "is not understood"


def test_it_opens_exactly_what_it_counts_for_every_role(full):
    wrong, reasons = [], set()
    for role, (name, code) in ROLES.items():
        client = signed_in(people.someone(name, code or Organization.objects.get(pk=full["unit"]).code))
        opened = {}
        for page in PAGES:
            answer = client.get(page.format(**full))
            assert answer.status_code in (200, 403, 404), page
            for one in numbers_of(answer.content.decode()) if answer.status_code == 200 else ():
                where = f"{role}: {page} “{one.text}” {' '.join(one.path[-3:])} {one.url}"
                if one.url and is_number(one):
                    opened[where] = one
                elif not one.url:
                    reasons.add(why := why_no_list(one))
                    wrong += [] if why else [f"{where} opens nothing"]
        reader, random = Reader(client), Random(role)
        some = random.sample(sorted(opened), min(len(opened), OPENED))
        wrong += [f"{where} {problem}" for where in some if (problem := wrong_with(opened[where], reader))]
        assert len(opened) > 100, role
    assert not wrong, "\n".join(wrong)
    assert not {why for *_, why in DECLARED} - reasons, "declared, and nowhere on a page"


def test_what_stands_apart_has_its_list_too(full):
    client = signed_in(people.someone(Role.LEADER, people.DISTRICT))
    page = client.get("/board/measures/?period=today").content.decode()
    urls = {one.url for one in numbers_of(page) if one.stands_in("td") and one.url}
    for key, number in {
        "self_handled": 1,
        "closed": 14,
        "newly_overdue": 0,
        "outside_grids_share": 1,
    }.items():
        url = f"/board/counted/?period=today&measure={key}&part=numerator"
        assert (url in urls) == bool(number), key
        assert len(listed(client, url)) == number, key
    # On the map, what lies in no street.
    for measure in ("reported", "open_now"):
        page = client.get(f"/board/map/?measure={measure}").context
        (line,) = listed(client, page["outside"].url)
        assert page["outside"].value == 1 and "网格以外" in line.record.where
        parts = sum(shown.value or 0 for _, shown in page["areas"])
        assert parts + 1 == page["whole"].value == len(listed(client, page["whole"].url))
