"""Every form of the product sent twice, as a page without JavaScript sends it: done once, answered the same."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cases.models import Case, CaseEvent, CaseText, Photo
from cases.workflow import MOVES, Loop, Move, State
from governance.models import Outbox, User
from governance.roles import Duty
from records.keyed import MISSING
from tests import people
from tests.cases.test_refusals import plausible, snapshot
from tests.lives import case_at, hands, inside, reported, settled_by, walk
from tests.photos import jpeg, photo
from tests.test_shape import templates

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def file(colour: str = "#7a8b99", name: str = "现场.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg(colour=colour), "image/jpeg")


def hidden_key(page: str) -> str:
    return re.search(r'name="key" value="([0-9a-f-]{36})"', page)[1]


def written() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Case, CaseEvent, CaseText, Photo, Outbox))


def report(**other: Any) -> dict[str, Any]:
    longitude, latitude = inside()
    return {
        "key": str(uuid.uuid4()),
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by("community").pk,
        "words": "单元门口堆放旧家具。",
    } | other


def call(**other: Any) -> dict[str, Any]:
    return report(contact_phone="13812345678") | other


#: Address, who, what is typed, and the files that go along, anew for every try: a file is read once.
REPORTS: dict[str, tuple[str, str, Callable[[], dict], Callable[[], dict]]] = {
    "report": ("/field/report/", "wangge", report, dict),
    "report with a photo": ("/field/report/", "wangge", report, lambda: {"photos": file()}),
    "report with three": (
        "/field/report/", "wangge", report,
        lambda: {"photos": [file(), file("#111111"), file("#222222")]},
    ),
    "settled on the spot": (
        "/field/report/", "wangge", lambda: report(handled="1"),
        lambda: {"before_photo": file("#333333"), "after_photo": file("#444444")},
    ),
    "call": ("/desk/phone/", "shouli", call, dict),
    "call with a file that no field takes": ("/desk/phone/", "shouli", call, lambda: {"photos": file()}),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_sent_twice_is_one_case_and_answered_the_same(name):
    url, username, given, files = REPORTS[name]
    body, client = given(), signed_in(User.objects.get(username=username))
    first = client.post(url, body | files())
    after = written()
    again = client.post(url, body | files())
    assert (first.status_code, again.status_code) == (302, 302), first.content.decode()[:2000]
    assert first["Location"] == again["Location"]
    assert written() == after and after[0] == 1
    wanted = sum(len(one) if isinstance(one, list) else 1 for one in files().values())
    assert after[3] == (wanted if url == "/field/report/" else 0)


#: What must have been asked or said before these.
BEFORE = {
    "grant_extension": ("ask_extension",), "deny_extension": ("ask_extension",),
    "endorse_suspension": ("ask_suspension",), "deny_suspension": ("ask_suspension",),
    "grant_suspension": ("ask_suspension", "endorse_suspension"),
    "grant_void": ("ask_void",), "deny_void": ("ask_void",),
    "reply_supervision": ("order_supervision",),
    "accept_supervision": ("order_supervision", "reply_supervision"),
}  # fmt: skip
HANDLED_BY_PEOPLE = [move for move in MOVES.values() if move.sources and set(move.duties) - {Duty.SYSTEM}]


def ready_for(move: Move) -> tuple[Case, User]:
    """A case on which a move can be made now, and somebody who may."""
    now = timezone.now() - dt.timedelta(minutes=30)
    state = State.HANDLING if State.HANDLING in move.sources else move.sources[0]
    rough = {"position_source": "grid"} if move.name == "correct_position" else {}
    case = case_at(state, loop=Loop.STREET if move.name == "delegate" else Loop.COMMUNITY, now=now, **rough)
    case = walk(case, *BEFORE.get(move.name, ()), now=now + dt.timedelta(minutes=15))
    leg = case.legs.filter(stopped_at=None).first()
    return case, hands().candidates(case, leg, move, now)[0]


@pytest.mark.parametrize("move", HANDLED_BY_PEOPLE, ids=lambda move: move.name)
@pytest.mark.parametrize("with_files", [False, True], ids=["", "with files"])
def test_a_move_sent_twice_is_made_once_and_answered_the_same(move, with_files, promise):
    case, person = ready_for(move)
    leg = case.legs.filter(stopped_at=None).first()
    body = plausible(case, leg, reported(now=timezone.now())) | {"key": str(uuid.uuid4())}
    client, url = signed_in(person), f"/cases/{case.uuid}/moves/{move.name}/"
    if not with_files:
        body["photos"] = str(photo(by=person, now=timezone.now()))

    def send():
        files = {"photos": [file(), file("#555555")]} if with_files else {}
        return client.post(url, body | files)

    first = send()
    assert first.status_code == 302, first.content.decode()
    after, state = written(), snapshot(case)
    again = send()
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert (written(), snapshot(case)) == (after, state)
    promise("a form sent twice is carried out once", tried=1, held=1, lost=0)


# Without a key -----------------------------------------------------------------------------------------------------

BROKEN = {"none": {}, "empty": {"key": ""}, "words": {"key": "abc"}, "NUL": {"key": "\0" * 36}}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_without_its_key_is_refused_with_a_sentence_and_writes_nothing(name, broken):
    url, username, given, files = REPORTS[name]
    before, client = written(), signed_in(User.objects.get(username=username))
    body = {name: value for name, value in given().items() if name != "key"} | broken
    answer = client.post(url, body | files())
    page = answer.content.decode()
    assert (answer.status_code, written()) == (422, before)
    assert MISSING in page and body["words"] in page
    assert client.post(url, body | files() | {"key": hidden_key(page)}).status_code == 302


@pytest.mark.parametrize("move", HANDLED_BY_PEOPLE, ids=lambda move: move.name)
def test_a_move_without_its_key_is_refused_with_a_sentence_and_writes_nothing(move):
    case, person = ready_for(move)
    body = plausible(case, case.legs.filter(stopped_at=None).first(), reported(now=timezone.now()))
    client, url = signed_in(person), f"/cases/{case.uuid}/moves/{move.name}/"
    before = written()
    for broken in BROKEN.values():
        answer = client.post(url, body | broken | {"photos": file()})
        assert (answer.status_code, written()) == (422, before)
        assert MISSING in answer.content.decode()
    key = hidden_key(answer.content.decode())
    assert client.post(url, body | {"key": key, "photos": file()}).status_code == 302


#: Forms that write and carry no key, and why they need none.
KEYLESS = {
    "_components/header_tools.html": "who signed out is signed out",
    "field/me.html": "the same",
    "unavailable.html": "sends again what was sent, its key among it",
    "governance/password.html": "a password is what it is, however often it is set",
    "dashboard/wall_open.html": "a code is good once",
    "dashboard/walls.html": "ending a screen: it ends once, by itself",
    "dashboard/measures/_recount.html": "a question has one recount at a time, however often it is asked",
    "login.html": "a session is no record",
    "governance/inbox.html": "says up to which notice was read (upto), and that is done once",
    "exports/own.html": "what was dropped is gone, however often it is asked",
    "field/patrol.html": "what is removed is gone, however often it is asked",
    "desk/_contact.html": "every look at a number is written down, one sent again too",
    "desk/contact.html": "the same form",
}


def test_every_form_of_the_product_that_writes_carries_its_key():
    form = re.compile(r"""<form[^>]*method=["']post["'].*?</form>""", re.S)
    with_key = re.compile(r"""name="key"|form\.key|sent\(csrf_input|form\.hidden_fields\(\)""")
    lacking = {
        name
        for name, text in templates().items()
        for found in form.findall(text)
        if not with_key.search(found)
    }
    assert lacking == set(KEYLESS)


# What comes back ---------------------------------------------------------------------------------------------------


def test_after_a_mere_correction_the_same_key_is_sent_again():
    client, body = signed_in(people.worker()), report(words="")
    refused = client.post("/field/report/", body | {"photos": file()})
    page = refused.content.decode()
    kept = re.findall(r'type="hidden" name="photos" value="([0-9a-f-]{36})"', page)
    assert (refused.status_code, hidden_key(page), len(kept)) == (422, body["key"], 1)
    put_right = body | {"words": "单元门口堆放旧家具。", "photos": kept}
    assert [client.post("/field/report/", put_right).status_code for _ in range(2)] == [302, 302]
    assert Case.objects.get().photos.count() == 1


@pytest.mark.parametrize(
    ("url", "username", "given"), [("/field/report/", "wangge", report), ("/desk/phone/", "shouli", call)]
)
def test_a_key_that_was_used_comes_back_as_a_fresh_one(url, username, given):
    client, body = signed_in(User.objects.get(username=username)), given()
    client.post(url, body)
    changed = body | {"words": "另一件事，在同一张表单上。", "nearby_seen": "1", "seen": "on"}
    answer = client.post(url, changed)
    page = answer.content.decode()
    assert answer.status_code == 409 and "已经" in page and hidden_key(page) != body["key"]
    assert client.post(url, changed | {"key": hidden_key(page)}).status_code == 302
    assert Case.objects.count() == 2


def test_a_photo_that_is_none_is_named_at_its_field_and_the_others_are_kept():
    client, bad = signed_in(people.worker()), SimpleUploadedFile("说明.jpg", b"no picture")
    answer = client.post("/field/report/", report(photos=[file(), bad]))
    page = answer.content.decode()
    assert answer.status_code == 422 and not Case.objects.exists()
    assert "说明.jpg：只接受" in page.split('data-errors-for="photos"')[1].split("</div>")[0]
    assert len(re.findall(r'type="hidden" name="photos"', page)) == Photo.objects.count() == 1


def test_a_photo_that_is_none_is_named_at_its_field_of_a_move():
    case, person = ready_for(MOVES["feedback"])
    bad = SimpleUploadedFile("说明.jpg", b"no picture")
    body = {"key": str(uuid.uuid4()), "words": "已清理。", "photos": [file(), bad]}
    answer = signed_in(person).post(f"/cases/{case.uuid}/moves/feedback/", body)
    assert answer.status_code == 422 and "说明.jpg：只接受" in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"photos"}


def test_the_file_of_a_field_for_one_photo_takes_the_place_of_the_one_before():
    client, body = signed_in(people.worker()), report(handled="1", words="")
    page = client.post("/field/report/", body | {"before_photo": file(), "after_photo": file("#666666")})
    kept = {name: str(page.context["form"].data[name]) for name in ("before_photo", "after_photo")}
    again = body | {"words": "已当场清理。", "after_photo": [kept["after_photo"], file("#777777")]}
    assert client.post("/field/report/", again | {"before_photo": kept["before_photo"]}).status_code == 302
    assert Case.objects.get().photos.count() == 2


def test_more_photos_than_a_field_takes_are_said_and_the_first_are_kept():
    files = [file(f"#{number * 20:02x}4466") for number in range(11)]
    answer = signed_in(people.worker()).post("/field/report/", report(photos=files))
    assert answer.status_code == 422 and "最多 9 张照片" in answer.content.decode()
    assert Photo.objects.count() == 9
