"""The list behind a number as a file: what it counts, all of it, and nothing that its reader may not see."""

import datetime as dt

import pytest
from django.test import Client

from cases.models import Case
from cases.workflow import State
from dashboard.counted import CountedList
from dashboard.filters import BoardFilters, chosen
from dashboard.places import places_of
from dashboard.sheet import OUT_OF_SIGHT, of_counted
from governance.models import AccessLog, User
from governance.roles import Role
from tests import people
from tests.dashboard.listing import listed
from tests.lives import MORNING, case_at, reported
from tests.partybuilding.blowing import blown
from tests.sheets import sheets

pytestmark = pytest.mark.django_db
LIST, FILE = "/board/counted/", "/board/counted/export/"
NOW = MORNING + dt.timedelta(hours=5)


def leader() -> User:
    return people.someone(Role.LEADER, people.DISTRICT)


@pytest.fixture
def client(time_machine) -> Client:
    """A leader of the district in the afternoon, after some cases and a whistle."""
    reported()
    case_at(State.CLOSED)
    case_at(State.CLOSED)
    blown()
    time_machine.move_to(NOW, tick=False)
    found = Client()
    found.force_login(leader(), backend="django.contrib.auth.backends.ModelBackend")
    return found


def file_of(client: Client, words: str) -> tuple[dict[str, str], list[list[str]], list[str]]:
    """The head of a file, its rows, and its notes."""
    answer = client.get(f"{FILE}?{words}")
    assert answer.status_code == 200
    book = sheets(b"".join(answer.streaming_content))
    head = {row[0]: row[1] for row in book["说明"][1:] if len(row) == 2}
    return head, book["清单"][1:], [row[0] for row in book["说明"] if len(row) == 1]


@pytest.mark.parametrize(
    "words",
    ["measure=reported", "measure=open_now", "measure=whistles_blown", "measure=handled&part=numerator"],
)
def test_the_file_has_the_rows_of_all_pages(client, monkeypatch, words):
    monkeypatch.setattr("dashboard.views.counted.PAGE", 1)
    lines = listed(client, f"{LIST}?{words}")
    head, rows, notes = file_of(client, words)
    assert [row[0] for row in rows] == [line.record.number for line in lines] != []
    assert [row[1] for row in rows] == [line.record.title for line in lines]
    assert head["条数"] == str(len(lines)) and notes == []


def test_the_file_says_what_the_number_is_and_who_asked(client):
    case = Case.objects.filter(state=State.CLOSED)[0]
    words = (
        f"measure=closed_in_time_rate&part=denominator&period=month&source=others&category={case.category_id}"
    )
    head, rows, _ = file_of(client, words)
    assert head == {
        "指标": "按期结案率",
        "定义": head["定义"],
        "版本": head["版本"],
        "清单所列": head["清单所列"],
        "条数": str(len(rows)),
        "地方": "盘龙区",
        "时间": "本月（2026-11-01 至 2026-11-18）",
        "筛选": "不含自处理、楼栋自办；楼道堆物",
        "数据截至": "2026-11-18 15:00",
        "导出人": leader().name,
    }
    assert head["定义"] and head["版本"].startswith("第 1 版，20") and head["清单所列"]
    page = client.get(f"{LIST}?{words}").content.decode()
    assert "不含自处理、楼栋自办；楼道堆物" in page


def test_who_takes_a_file_is_written_down(client):
    _, rows, _ = file_of(client, "measure=closed")
    row = AccessLog.objects.get(subject="counted:export")
    assert (row.user, row.reason) == (leader(), f"导出 {len(rows)} 条：measure=closed") and len(rows) == 2


def test_a_file_that_was_cut_says_so(client, monkeypatch):
    monkeypatch.setattr("dashboard.views.counted.EXPORTED", 2)
    head, rows, notes = file_of(client, "measure=reported")
    assert len(rows) == 2 < int(head["条数"])
    assert "一次最多导出 2 条" in notes[-1]
    assert "一次最多导出 2 条" in client.get(f"{LIST}?measure=reported").content.decode()


@pytest.mark.parametrize("measure", ["reported", "open_now", "whistles_blown"])
def test_what_is_out_of_sight_is_a_row_without_content(client, measure):
    found = CountedList.asked({"measure": measure}, chosen(BoardFilters({}), places_of(leader())), NOW)
    number, rows = found.rows(0, 100)
    lines = found.lines(rows, people.stranger())
    file = of_counted(found, number, lines, asked_by="外街坐席", notes=[])
    written = sheets(file.getvalue())["清单"][1:]
    assert len(written) == number > 0
    for line, cells in zip(rows, written, strict=True):
        assert [cell for cell in cells if cell][:2] == [OUT_OF_SIGHT, line.counter]
        assert not any(cells[column] for column in (0, 2, 3, 4))


def test_amounts_that_are_added_up_stand_beside_their_rows(client):
    case_at(State.EVALUATED)
    figure = client.get("/board/measures/mean_score/").context["figure"]
    head, rows, _ = file_of(client, "measure=mean_score")
    assert sum(int(row[7]) for row in rows) == figure.numerator > len(rows) == 1
    assert "不等于条数" in head["算式"]
    assert f"计 {rows[0][7]}" in client.get(f"{LIST}?measure=mean_score").content.decode()


def test_a_list_stays_that_list_under_another_filter(client):
    page = client.get(f"{LIST}?measure=reported&hour=58&period=7").content.decode()
    for name, value in (("measure", "reported"), ("hour", "58")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


def test_a_page_after_the_last_is_the_last(client, monkeypatch):
    monkeypatch.setattr("dashboard.views.counted.PAGE", 2)
    for measure in ("reported", "open_now"):
        paged = client.get(f"{LIST}?measure={measure}&page=99").context["paged"]
        assert paged.number == paged.pages and paged.rows, measure
