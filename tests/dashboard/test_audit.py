"""The auditor's desk: looks, files that were taken along, moves by person, chains; for the auditor alone."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.workflow import State
from dashboard.views import audit
from governance.actions import log_access
from governance.models import AccessLog, Organization, User
from tests import people
from tests.lives import case_at, reported, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="shenji"))
    return client


def shown(client: Client, **asked: str) -> str:
    answer = client.get("/board/audit/", asked)
    assert answer.status_code == 200
    return answer.content.decode()


def look(subject: str, reason: str, by: User | None = None) -> None:
    log_access(subject, by=by or people.clerk(), reason=reason, now=timezone.now())


def test_looks_and_files_are_counted_by_person_and_listed_with_their_reasons(auditor):
    look("case:1:contact", "核对地址")
    look("cases:export", "导出 12 件：state=closed")
    look("whistle:1:print", "打印哨单", by=people.worker())
    look("case:1:file", "打印案卷")
    page = shown(auditor)
    assert "查看来电人 1 次 · 打印 2 次 · 导出 1 次 · 申请导出 0 次" in page
    assert all(words in page for words in ("核对地址", "导出 12 件：state=closed", "打印哨单"))
    only = shown(auditor, kind="export")
    assert "导出 12 件：state=closed" in only and "核对地址" not in only
    of_worker = shown(auditor, who=people.worker().username)
    assert "打印哨单" in of_worker and "核对地址" not in of_worker


def test_a_file_that_is_made_behind_the_page_counts_when_it_is_taken_and_not_when_it_is_asked_for(auditor):
    look("cases:export_asked", "申请导出：state=closed")
    look("cases:export_asked", "申请导出：state=handling")
    look("cases:export", "下载 5001 行：state=closed")
    page = shown(auditor)
    assert "导出 1 次 · 申请导出 2 次" in page
    taken, asked = shown(auditor, kind="export"), shown(auditor, kind="asked")
    assert "下载 5001 行" in taken and "申请导出：state" not in taken
    assert "申请导出：state=handling" in asked and "下载 5001 行" not in asked
    assert asked.count('<td class="nowrap">申请导出</td>') == 2


def test_looks_are_found_by_their_time_and_events_are_counted_to_a_bound(
    auditor, settings, tmp_path, monkeypatch
):
    settings.DATA_DIR = tmp_path
    look("cases:export", "导出")
    reported()
    walk(reported(), "register")
    since = timezone.now() - dt.timedelta(days=7)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "look_at" in AccessLog.objects.filter(at__gte=since).explain()
    assert "3 条记录" in shown(auditor)
    monkeypatch.setattr(audit, "MOST_COUNTED", 2)
    with CaptureQueriesContext(connection) as statements:
        assert "2 条以上记录" in shown(auditor)
    counts = [one["sql"] for one in statements if '"cases_caseevent"' in one["sql"]]
    assert counts and all("LIMIT 3" in sql for sql in counts)


def test_what_somebody_did_is_counted_by_move_and_leads_to_the_records(auditor):
    case = case_at(State.DISPATCHED)
    clerk = case.events.get(move="register").by
    page = shown(auditor, who=clerk.username, days="365")
    assert "立案 1 次" in page and case.number in page and f"/cases/{case.uuid}/" in page
    assert "不作评比" in page


def test_a_name_of_several_asks_which_and_one_of_nobody_says_so(auditor):
    assert "没有这个人" in shown(auditor, who="查无此人")
    first, second = (people.newcomer(name, "虚构人") for name in ("first_one", "second_one"))
    page = shown(auditor, who="虚构")
    assert f"（{first.username}）" in page and f"who={second.username}" in page


def test_moves_on_what_the_auditor_does_not_see_are_not_told(auditor):
    case = reported()
    page = shown(auditor, who=case.events.get().by.username, days="365")
    assert case.number in page
    post = User.objects.get(username="shenji").posts.get()
    post.organization = Organization.objects.get(code=people.ELSEWHERE)
    post.save()
    assert case.number not in shown(auditor, who=case.events.get().by.username, days="365")


def test_the_chains_say_how_far_they_are_anchored(auditor, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    reported()
    assert "还没有锚点，1 条记录" in shown(auditor)
    from cases.tasks import anchor

    anchor()
    assert "之后又有 0 条" in shown(auditor)
    (tmp_path / "anchors.txt").write_text("not a line\n")
    assert "锚点文件读不出来" in shown(auditor)


def test_nobody_else_opens_it_and_odd_words_are_as_good_as_none(auditor):
    assert shown(auditor, days="x", kind="moon", who="%_'\\")
    client = Client()
    client.force_login(people.clerk())
    assert client.get("/board/audit/").status_code == 403
    menu = "审计台"
    assert menu in auditor.get("/board/").content.decode()
    assert menu not in client.get("/board/").content.decode()
