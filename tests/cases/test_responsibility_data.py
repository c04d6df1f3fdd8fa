"""The responsibility list as data: complete, decided, readable by a clerk (no database)."""

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "cases" / "data"
LOOPS = ["community", "street", "district"]
STEPS = ["registering", "checking", "dispatching", "handling", "rework", "verifying", "closing", "evaluating"]
LIMIT = re.compile(r"(\d+(?:\.\d+)?) (紧急工作时|工作时|工作日|自然日)")
# Mean wall-clock hours of one unit: seven working hours a day, five working days a week.
WALL_HOURS = {"紧急工作时": 1, "工作时": 24 / 7 * 7 / 5, "工作日": 24 * 7 / 5, "自然日": 24}
STREET_LEADS = {
    "street_office",
    "street_enforcement",
    "street_safety",
    "police",
    "market",
    "housing",
    "justice",
    "health",
}
STREET_ONLY = {"street_office", "street_enforcement", "street_safety"}


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


NATIONAL = read("categories.csv")
LOCAL = read("local_categories.csv")
CATEGORIES = NATIONAL + LOCAL
ROWS = read("responsibilities.csv")
NAMES = {(row["edition"], row["kind"], row["code"]): row["name"] for row in CATEGORIES}


def key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["edition"], row["kind"], row["code"]


def wall_hours(limit: str) -> float:
    amount, unit = LIMIT.fullmatch(limit).groups()
    return float(amount) * WALL_HOURS[unit]


def chains() -> dict[tuple, list[dict[str, str]]]:
    """The rows of each category and condition, in file order."""
    found = defaultdict(list)
    for row in ROWS:
        found[(*key(row), row["condition"])].append(row)
    return found


def test_the_catalogue_has_the_403_national_and_some_seventy_local_categories():
    assert Counter(row["kind"] for row in NATIONAL) == {"component": 153, "matter": 250}
    assert {row["kind"] for row in LOCAL} == {"matter", "dispute", "service", "safety", "party"}
    assert 60 <= len(LOCAL) <= 70
    assert {row["edition"] for row in LOCAL}.isdisjoint(row["edition"] for row in NATIONAL)
    # Nobody who reads a code alone takes a local matter for one of the standard.
    assert {row["code"] for row in LOCAL}.isdisjoint(row["code"] for row in NATIONAL)
    assert len(NAMES) == len(CATEGORIES)


def test_every_category_has_rows_and_every_row_a_category():
    assert {key(row) for row in ROWS} == set(NAMES)


def test_no_category_condition_and_loop_stands_twice():
    counted = Counter((*key(row), row["condition"], row["loop"]) for row in ROWS)
    assert max(counted.values()) == 1


def test_every_chain_goes_up_from_the_lowest_loop_to_a_district_that_settles():
    for name, rows in chains().items():
        loops = [row["loop"] for row in rows]
        assert loops == sorted(loops, key=LOOPS.index), name
        assert (loops[-1], rows[-1]["power"]) == ("district", "settle"), name


def test_every_category_has_an_ordinary_condition_and_only_dangerous_ones_an_urgent_one():
    conditions = defaultdict(set)
    for row in ROWS:
        conditions[key(row)].add(row["condition"])
    assert all(found in ({"一般"}, {"一般", "紧急"}) for found in conditions.values())
    urgent = {NAMES[name] for name, found in conditions.items() if "紧急" in found}
    expected = {"雨水井盖", "燃气井盖", "架空线缆脱落", "占用消防通道", "室内燃气安全隐患", "电梯困人"}
    assert expected <= urgent
    assert urgent.isdisjoint({"宣传栏", "非机动车乱停放", "居民证明代办", "微心愿", "路名牌"})


def test_a_lead_sits_in_the_loop_that_it_leads():
    for row in ROWS:
        lead, loop = row["lead"], row["loop"]
        if loop == "community":
            assert lead in {"community", "property"}, row
        elif loop == "street":
            assert lead in STREET_LEADS, row
        else:
            assert lead not in STREET_ONLY | {"community", "property"}, row
        assert lead not in row["helpers"].split(";"), row
        assert row["power"] in {"settle", "assist", "report"}, row


def test_at_least_ten_leads_settle_something():
    leads = Counter(row["lead"] for row in ROWS if row["power"] == "settle")
    assert len(leads) >= 20


def test_communities_settle_at_least_a_quarter_of_all_categories():
    settled = {key(row) for row in ROWS if (row["loop"], row["power"]) == ("community", "settle")}
    assert len(settled) / len(NAMES) >= 0.25


def test_most_categories_can_be_settled_below_the_district():
    below = {key(row) for row in ROWS if row["loop"] != "district" and row["power"] == "settle"}
    assert len(below) / len(NAMES) > 0.5


def test_every_limit_can_be_read_and_days_are_whole():
    for row in ROWS:
        for step in STEPS:
            match = LIMIT.fullmatch(row[step])
            assert match, (NAMES[key(row)], step, row[step])
            assert float(match[1]) > 0
            assert match[2] in {"紧急工作时", "工作时"} or match[1].isdigit()


def test_handling_uses_all_four_units_and_is_never_a_constant():
    units = Counter(LIMIT.fullmatch(row["handling"])[2] for row in ROWS)
    assert set(units) == set(WALL_HOURS)
    assert min(units.values()) >= 20
    for loop in LOOPS:
        assert len({row["handling"] for row in ROWS if row["loop"] == loop}) >= 8
    for step in STEPS:
        assert len({row[step] for row in ROWS}) >= 5, step


def test_urgent_means_urgent_hours_and_less_time_in_every_step():
    found = chains()
    for name, rows in found.items():
        if name[-1] != "紧急":
            continue
        for urgent, normal in zip(rows, found[(*name[:3], "一般")], strict=True):
            assert urgent["handling"].endswith("紧急工作时"), NAMES[name[:3]]
            for step in STEPS:
                assert wall_hours(urgent[step]) < wall_hours(normal[step]), (NAMES[name[:3]], step)


def test_an_open_manhole_is_urgent_and_never_an_ordinary_repair():
    for row in ROWS:
        if row["kind"] == "component" and "井盖" in NAMES[key(row)] and row["condition"] == "一般":
            assert not re.search("井盖(缺失|敞口)、", row["registering_condition"]), row
            assert any(key(other) == key(row) and other["condition"] == "紧急" for other in ROWS)


def test_care_and_disputes_are_mostly_counted_in_days():
    rows = [row for row in ROWS if row["kind"] in {"dispute", "service"} and row["condition"] == "一般"]
    days = [row for row in rows if row["handling"].endswith(("自然日", "工作日"))]
    assert len(days) / len(rows) > 0.9


def test_the_words_are_the_categorys_own():
    for loop in LOOPS:
        ordinary = [row for row in ROWS if row["loop"] == loop and row["condition"] == "一般"]
        for column in ("registering_condition", "closing_condition"):
            texts = [row[column] for row in ordinary]
            # A few groups say what is done without naming the thing; nearly all texts are unlike any other.
            assert len(set(texts)) / len(texts) > 0.98, (loop, column)


@pytest.mark.parametrize("column", ["registering_condition", "closing_condition", "basis"])
def test_no_words_are_missing_too_long_or_left_as_a_blank_to_fill(column):
    for row in ROWS:
        assert 6 <= len(row[column]) <= 200, row
        assert not re.search(r"[{}]|异常缺失|异常破损|，，|；；", row[column]), row


def test_a_mirror_matter_has_the_owner_of_its_component_but_its_own_words_and_time():
    owners = defaultdict(dict)
    for row in ROWS:
        if row["condition"] == "一般":
            owners[NAMES[key(row)]][row["loop"]] = row
    components = [row["name"] for row in NATIONAL if row["kind"] == "component"]
    for name in components:
        for loop, row in owners[name].items():
            mirror = owners[f"{name}异常"][loop]
            assert (mirror["lead"], mirror["power"]) == (row["lead"], row["power"])
            assert mirror["registering_condition"] != row["registering_condition"]
            assert wall_hours(mirror["handling"]) <= wall_hours(row["handling"]), name


def test_remote_verification_is_never_enough_for_danger_or_in_the_district():
    remote = [row for row in ROWS if row["remote_verification"] == "1"]
    assert remote
    assert {row["remote_verification"] for row in ROWS} == {"0", "1"}
    assert all(row["condition"] == "一般" and row["loop"] != "district" for row in remote)
    assert all(row["kind"] != "dispute" for row in remote)


def test_the_list_is_what_the_decisions_expand_to():
    command = [sys.executable, str(ROOT / "tools" / "make_responsibilities.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
