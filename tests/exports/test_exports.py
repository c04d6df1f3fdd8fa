"""导出文件: a long list becomes a file in the background, for who asked, with progress; it is cancelled, begun anew, and goes."""

import datetime as dt
import uuid

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from exports import actions, making
from exports.models import Export
from governance.models import AccessLog, Outbox, Post, User
from grid.models import GridDuty
from records.refusals import KeyReused, Refused
from tests import people
from tests.disks import small_disk
from tests.exports.files import asked, ready
from tests.lives import reported
from tests.rivals import rivals
from tests.sheets import sheet

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture(autouse=True)
def media(settings, tmp_path, monkeypatch):
    """A folder of its own, and sizes at which three rows are many."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("exports.views.AT_ONCE", 2)
    monkeypatch.setattr("exports.making.PART", 2)
    return tmp_path


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made(export: Export) -> list[list[str]]:
    """The rows of a file that the worker has made."""
    return sheet(ready(export).path.read_bytes())


# From the list to the file -----------------------------------------------------------------------------------------


def test_a_long_list_is_asked_for_made_told_of_and_taken():
    cases = [reported() for _ in range(5)]
    user = people.clerk()
    browser = client_of(user)
    answer = browser.get("/desk/export/", {"queue": "all"})
    assert answer.status_code == 302 and not Export.objects.exists()
    page = browser.get(answer["Location"])
    assert "5 件" in page.content.decode()
    body = {"key": str(page.context["form"]["key"].value())}
    for _ in range(2):  # sent twice it is asked for once
        assert browser.post(answer["Location"], body).status_code == 302
    export = Export.objects.get()
    assert "排队等候" in browser.get("/exports/").content.decode()
    assert browser.get(f"/exports/{export.uuid}/").status_code == 404

    rows = made(export)
    assert [row[0] for row in rows[1:6]] == [case.number for case in reversed(cases)]  # the order of the list
    assert f"由 {user.name} 申请导出" in rows[-1][0]
    assert (export.done, export.total) == (5, 5)
    told = Outbox.objects.latest("pk")
    assert (told.verb, told.url, told.audience) == ("导出文件可以下载", "/exports/", [{"user": user.pk}])
    assert f"/exports/{export.uuid}/" in browser.get("/exports/").content.decode()
    taken = browser.get(f"/exports/{export.uuid}/")
    assert sheet(b"".join(taken.streaming_content)) == rows
    looks = AccessLog.objects.filter(user=user).order_by("pk").values_list("subject", "reason")
    assert [(subject, reason.split("：")[0]) for subject, reason in looks] == [
        ("cases:export_asked", "申请导出"),
        ("cases:export", "下载 5 行"),
    ]


def test_a_short_list_is_handed_out_at_once():
    case = reported()
    answer = client_of(people.clerk()).get("/desk/export/", {"queue": "all"})
    assert sheet(b"".join(answer.streaming_content))[1][0] == case.number


def test_the_file_holds_what_the_list_holds_under_its_filters_and_what_its_person_sees(monkeypatch):
    wanted, _ = reported(words="堆物"), reported(words="别的")
    export, other = asked(query="queue=all&q=堆物"), asked(people.stranger())
    assert [row[0] for row in made(export)[1:2]] == [wanted.number] and export.total == 1
    made(other)
    assert other.total == 0
    monkeypatch.setattr("exports.making.MOST", 1)
    cut = asked(query="queue=all")
    assert "一次最多导出 1 件" in made(cut)[-1][0] and cut.total == 1


def test_whistles_become_files_too():
    export = asked(people.someone("leader", people.STREET), "state=all", "whistles")
    assert made(export)[0][1] == "哨种"


# Who ----------------------------------------------------------------------------------------------------------------


def test_nobody_else_sees_takes_or_drops_a_file():
    reported()
    export = asked()
    made(export)
    other = client_of(people.someone("leader", people.STREET))
    assert export.name not in other.get("/exports/").content.decode()
    assert other.get(f"/exports/{export.uuid}/").status_code == 404
    assert other.post(f"/exports/{export.uuid}/drop/").status_code == 404
    assert Export.objects.filter(pk=export.pk).exists()


def test_a_file_does_not_outlive_the_posts_of_who_asked():
    export = asked()
    made(export)
    Post.objects.filter(user=people.clerk()).update(ends_on=timezone.localdate())
    User.objects.get(pk=export.by_id)
    answer = client_of(people.clerk()).get(f"/exports/{export.uuid}/")
    assert answer.status_code == 403 and "岗位有变动" in answer.content.decode()


def test_a_file_does_not_outlive_the_grids_of_who_asked():
    worker = people.worker()
    export = asked(worker)
    made(export)
    assert list(client_of(worker).get(f"/exports/{export.uuid}/").streaming_content)
    GridDuty.objects.filter(user=worker).update(ends_on=timezone.localdate())
    assert client_of(worker).get(f"/exports/{export.uuid}/").status_code == 403


def test_who_loses_a_post_while_the_file_is_written_gets_no_more_rows(monkeypatch):
    for _ in range(4):
        reported()
    export, note = asked(), making._note

    def in_the_midst(one: Export, **told: int) -> None:
        note(one, **told)
        if told.get("done") == 2:
            Post.objects.filter(user=people.clerk()).update(ends_on=timezone.localdate())

    monkeypatch.setattr("exports.making._note", in_the_midst)
    assert len([row for row in made(export)[1:] if str(row[0]).count("-") == 1]) == 2


def test_one_file_is_made_at_a_time():
    first, second = asked(), asked(people.stranger())
    now = timezone.now()
    assert making._next(now) == first
    assert making._next(now) is None and making.work(now=now) == 0
    second.refresh_from_db()
    assert second.state == State.WAITING


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_look_at_the_same_moment_one_begins_a_file():
    for by in (people.clerk(), people.stranger(), people.worker()):
        asked(by)
    now = timezone.now()
    with rivals(4) as crowd:
        began = crowd.at_once([lambda: making._next(now)] * 4)
    assert len([one for one in began if isinstance(one, Export)]) == 1
    assert [one for one in began if isinstance(one, Exception)] == []
    assert Export.objects.filter(state=State.MAKING).count() == 1


def test_a_key_that_comes_again_with_another_list_is_refused():
    export = asked(query="queue=all")
    by, now = people.clerk(), timezone.now()
    assert actions.ask(export.uuid, "cases", QueryDict("queue=all"), by=by, now=now) == export
    with pytest.raises(KeyReused):
        actions.ask(export.uuid, "cases", QueryDict("queue=open"), by=by, now=now)


def test_a_person_has_three_under_way_at_most():
    for _ in range(actions.MOST_WAITING):
        asked()
    with pytest.raises(Refused, match="3 份文件"):
        asked()
    answer = client_of(people.clerk()).post("/exports/new/cases/?queue=all", {"key": str(uuid.uuid4())})
    assert answer.status_code == 409 and "3 份文件" in answer.content.decode()
    assert client_of(people.clerk()).get("/exports/new/nothing/").status_code == 404


# What goes wrong ----------------------------------------------------------------------------------------------------


def test_what_is_dropped_while_it_is_written_leaves_no_file(media, monkeypatch):
    for _ in range(5):
        reported()
    export, browser = asked(), client_of(people.clerk())
    note = making._note

    def in_the_midst(one: Export, **told: int) -> None:
        note(one, **told)
        if told.get("done") == 2:
            assert "已写 2 / 5 行" in browser.get("/exports/").content.decode()
            assert browser.post(f"/exports/{export.uuid}/drop/").status_code == 302

    monkeypatch.setattr("exports.making._note", in_the_midst)
    assert making.work(now=timezone.now()) == 0
    assert not Export.objects.exists()
    assert not [file for file in media.rglob("*") if file.is_file()]


def test_a_file_whose_worker_was_killed_is_begun_anew_and_given_up_after_three_times():
    reported()
    export = asked()
    now = timezone.now()
    for _ in range(making.TRIES):
        assert making._next(now) == export
        assert making.work(now=now + making.LEASE / 2) == 0  # its worker may still live
        now += making.LEASE * 2
    assert making._next(now) is None
    export.refresh_from_db()
    assert export.state == State.FAILED and "多次" in export.problem

    second = asked()
    making._next(timezone.now() - making.LEASE * 2)
    assert made(second)[1][0]
    assert second.tries == 2


def test_a_worker_that_was_taken_for_dead_writes_nothing_any_more(media):
    for _ in range(3):
        reported()
    export = asked()
    slow = making._next(timezone.now() - making.LEASE * 2)
    rows = made(export)
    with pytest.raises(making._NotMine):
        making._write(slow)
    assert sheet(export.path.read_bytes()) == rows


def test_a_full_disk_is_said(media):
    for _ in range(3):
        reported()
    export = asked()
    (media / "exports").mkdir()
    with small_disk(media / "exports", 4096):
        assert making.work(now=timezone.now()) == 0
    export.refresh_from_db()
    assert export.state == State.FAILED and "磁盘" in export.problem
    assert "磁盘" in client_of(people.clerk()).get("/exports/").content.decode()


def test_files_go_after_a_week_and_those_of_nobody_too(media):
    export = asked()
    made(export)
    stray = media / "exports" / f"{uuid.uuid4()}.part"
    stray.write_bytes(b"x")
    now = timezone.now()
    assert actions.forget_old(now=now + dt.timedelta(days=6)) == 0
    assert not stray.exists() and export.path.exists()
    assert actions.forget_old(now=now + actions.KEPT + dt.timedelta(minutes=1)) == 1
    assert not export.path.exists() and not Export.objects.exists()
