"""The file of a case on paper: everything that happened, with the digests of photos and steps."""

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from cases.models import Case
from cases.workflow import Loop, State
from desk import proof
from governance.models import AccessLog, User
from records.pictures import path
from tests.lives import case_at

pytestmark = pytest.mark.django_db


def printed(case: Case, username: str = "zhiban"):
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get(f"/cases/{case.uuid}/file/")


def behind_the_door(statement: str, *given: object) -> None:
    """Change events as somebody can who has the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE cases_caseevent DISABLE TRIGGER USER")
        cursor.execute(statement, given)
        cursor.execute("ALTER TABLE cases_caseevent ENABLE TRIGGER USER")


def test_the_file_tells_every_step_and_every_photo_with_its_digest():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    answer = printed(case)
    text = answer.content.decode()
    assert answer.context["proof"].is_whole and "没有缺漏" in text
    words = case.texts.count()
    assert words and f"{case.version} 步记录、{words} 段文字都与摘要一致" in text
    for event in case.events.all():
        assert event.digest in text
    photos = list(case.photos.all())
    assert photos
    for photo in photos:
        assert photo.sha256 in text
        assert hashlib.sha256(path(photo).read_bytes()).hexdigest() == photo.sha256
    assert f"{len(photos)} 张照片的原图都与登记的校验码一致" in text and text.count("原图一致") == len(photos)
    assert AccessLog.objects.get().subject == f"case:{case.pk}:file"


def test_a_step_that_was_changed_behind_the_door_is_named():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    behind_the_door(
        "UPDATE cases_caseevent SET at = at - interval '1 day' WHERE case_id = %s AND sequence = 3", case.pk
    )
    answer = printed(case)
    assert [step.event.sequence for step in answer.context["proof"].steps if not step.fits] == [3]
    text = answer.content.decode()
    assert "记录不一致" in text and "请告知系统管理员" in text and "没有缺漏" not in text


def test_what_was_cut_off_at_the_end_is_missed():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    Case.objects.filter(pk=case.pk).update(chain_head="0" * 64)
    assert "最后的记录与案件不符" in printed(case).content.decode()


def test_words_that_were_changed_are_named_and_erased_ones_said_to_be_erased():
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    first, second = case.texts.order_by("sequence")[:2]
    case.texts.filter(pk=first.pk).update(body="", erased_at=timezone.now())
    text = printed(case).content.decode()
    assert "没有缺漏" in text and "另有 1 段文字已按规定抹除" in text and "文字已抹除" in text
    case.texts.filter(pk=second.pk).update(body=second.body + "。")
    answer = printed(case)
    steps = answer.context["proof"].steps
    assert [step.event.sequence for step in steps if not step.words_fit] == [second.sequence]
    text = answer.content.decode()
    assert "文字不一致" in text and "1 步的文字与摘要不一致" in text and "没有缺漏" not in text


@pytest.mark.parametrize(
    ("body", "said"), [(b"another picture", "原图不一致"), (None, "原图文件不在或读不出")]
)
def test_a_photo_whose_file_was_changed_or_is_gone_is_named(body, said):
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    photo = case.photos.first()
    photo.file = f"photos/{photo.uuid}.jpg"  # its own: pictures of tests share one
    photo.save(update_fields=["file"])
    if body:
        path(photo).write_bytes(body)
    answer = printed(case)
    assert [one.photo for one in answer.context["proof"].photos if not one.is_whole] == [photo]
    text = answer.content.decode()
    assert text.count(said) == 1 and "没有缺漏" not in text


def test_photos_that_no_step_named_and_those_that_are_missing_are_told():
    case, other = case_at(State.VERIFIED, loop=Loop.STREET), case_at(State.VERIFIED, loop=Loop.STREET)
    photo = case.photos.first()
    case.photos.filter(pk=photo.pk).update(case=other)
    assert "记录里的 1 张照片不在案件里" in printed(case).content.decode()
    assert "没有哪一步记录了这张照片" in printed(other).content.decode()


def test_beyond_so_many_photos_the_rest_is_said_to_be_unchecked(monkeypatch):
    case = case_at(State.VERIFIED, loop=Loop.STREET)
    monkeypatch.setattr(proof, "MOST_FILES", 1)
    text = printed(case).content.decode()
    assert f"其余 {case.photos.count() - 1} 张照片没有核对" in text and "原图没有核对" in text
