"""The file of a case on paper: everything that happened, with the digests of photos and steps."""

import hashlib

import pytest
from django.db import connection
from django.test import Client

from cases.models import Case
from cases.workflow import Loop, State
from governance.models import AccessLog, User
from records.pictures import path
from tests.lives import case_at

pytestmark = pytest.mark.django_db


def printed(case: Case, username: str = "zhiban"):
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get(f"/cases/{case.uuid}/file/")


def test_the_file_tells_every_step_and_every_photo_with_its_digest():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    answer = printed(case)
    text = answer.content.decode()
    assert answer.context["is_whole"] and "与记录一致，没有缺漏" in text
    for event in case.events.all():
        assert event.digest in text
    photos = list(case.photos.all())
    assert photos
    for photo in photos:
        assert photo.sha256 in text
        assert hashlib.sha256(path(photo).read_bytes()).hexdigest() == photo.sha256
    assert AccessLog.objects.get().subject == f"case:{case.pk}:file"


def test_a_step_that_was_changed_behind_the_door_is_named():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE cases_caseevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE cases_caseevent SET at = at - interval '1 day' WHERE case_id = %s AND sequence = 3",
            [case.pk],
        )
        cursor.execute("ALTER TABLE cases_caseevent ENABLE TRIGGER USER")
    answer = printed(case)
    assert [row["event"].sequence for row in answer.context["chain"] if not row["fits"]] == [3]
    assert "记录与摘要不一致" in answer.content.decode()


def test_what_was_cut_off_at_the_end_is_missed():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    Case.objects.filter(pk=case.pk).update(chain_head="0" * 64)
    assert not printed(case).context["is_whole"]
