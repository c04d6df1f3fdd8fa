"""The inbox: in the order of time, duties apart from news, read by opening, nobody else's."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from governance import actions
from governance.models import Notice, User
from tests import people


@pytest.fixture
def reader(db) -> User:
    return people.newcomer("test_reader", "收件人")


@pytest.fixture
def client(reader) -> Client:
    client = Client()
    client.force_login(reader)
    return client


def notify(user: User, *subjects: str, url: str = "/cases/1/") -> list[Notice]:
    now = timezone.now()
    for subject in subjects:
        actions.tell(subject, url=url, audience=[{"user": user.pk}], now=now)
    actions.relay(now=now)
    return list(user.notices.order_by("pk"))


def test_an_empty_inbox_says_what_will_come(client):
    assert "还没有消息" in client.get("/inbox/").content.decode()


def test_notices_stand_in_the_order_of_time_and_by_day(client, reader):
    older, newer = notify(reader, "旧的未读", "新的已读")
    actions.read_notice(newer, now=timezone.now())
    Notice.objects.filter(pk=older.pk).update(at=timezone.now() - dt.timedelta(days=1))
    days = client.get("/inbox/").context["days"]
    assert [(day.label, day.notices) for day in days] == [("今天", [newer]), ("昨天", [older])]


def test_opening_marks_as_read_and_leads_to_the_case(client, reader):
    [notice] = notify(reader, "一件案件", url="/cases/7/")
    answer = client.get(f"/inbox/{notice.pk}/")
    assert answer["Location"] == "/cases/7/"
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_a_notice_never_leads_to_another_site(client, reader):
    [notice] = notify(reader, "外站", url="https://evil.example/")
    assert client.get(f"/inbox/{notice.pk}/")["Location"] == "/inbox/"


def test_anothers_notice_is_not_there(client, reader):
    stranger = people.newcomer("test_stranger", "旁人")
    [notice] = notify(stranger, "不是您的")
    assert client.get(f"/inbox/{notice.pk}/").status_code == 404
    assert "不是您的" not in client.get("/inbox/").content.decode()


def test_everything_is_marked_by_one_post(client, reader):
    notify(reader, "甲", "乙")
    assert client.get("/inbox/read/").status_code == 405
    client.post("/inbox/read/", {"upto": client.get("/inbox/").context["newest"]})
    assert not reader.notices.unread().exists()


def test_a_post_sent_again_marks_nothing_that_came_in_between(client, reader):
    notify(reader, "甲")
    form = {"upto": client.get("/inbox/").context["newest"]}
    client.post("/inbox/read/", form)
    notify(reader, "乙")
    client.post("/inbox/read/", form)
    assert [notice.outbox.subject for notice in reader.notices.unread()] == ["乙"]


@pytest.mark.parametrize("form", [{}, {"upto": ""}, {"upto": "abc"}, {"upto": "9" * 5000}])
def test_a_post_that_does_not_say_what_was_seen_marks_nothing(client, reader, form):
    notify(reader, "甲")
    answer = client.post("/inbox/read/", form)
    assert answer.status_code == 422 and "没有标记" in answer.content.decode()
    assert reader.notices.unread().count() == 1


def test_the_inbox_has_pages(client, reader):
    notify(reader, *(f"第 {n} 条" for n in range(25)))
    first = client.get("/inbox/")
    assert len(first.context["notices"]) == 20
    assert len(client.get("/inbox/?page=2").context["notices"]) == 5
    assert client.get("/inbox/?page=abc").status_code == 200


def test_the_header_counts_what_is_unread(client, reader):
    notify(reader, "甲", "乙", "丙")
    assert "3 条未读" in client.get("/inbox/").content.decode()
