"""What was sent before is sent again: the answer is the same as then, whatever changed meanwhile."""

import random
import uuid
from base64 import b64encode
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import BinaryField
from django.http import HttpResponse
from django.test import Client

from cases import actions
from cases.actions import KeyReused
from cases.models import Case, CaseEvent, CaseText, Contact
from cases.workflow import Loop
from governance import secrets
from governance.actions import store_key
from governance.models import User, actor_of
from tests import people
from tests.lives import MORNING, inside, settled_by
from tests.scale import tries

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
NEWER = b64encode(b"2" * 32).decode()


def report(key: uuid.UUID, words: str = "有杂物") -> Any:
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": words}
    return actions.report(by=people.worker(), now=MORNING, key=key, given=given)


def test_a_change_of_keys_does_not_make_a_repeat_another_request(settings):
    key = uuid.uuid4()
    first = report(key)
    settings.SECRET_KEY = "rotated"
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, max(settings.FIELD_KEYS) + 1: NEWER}
    again = report(key)
    assert (again.record_id, again.is_repeat) == (first.record_id, True)
    with pytest.raises(KeyReused):
        report(key, "别的内容")


def test_a_report_whose_answer_was_lost_before_the_digest_had_its_own_key_is_known_again(monkeypatch):
    """Until now SECRET_KEY keyed the digest: such an event is written here by leaving the newer ones away."""
    key = uuid.uuid4()
    with monkeypatch.context() as before:
        before.setattr(secrets, "digests", lambda message: ())
        first = report(key)
    again = report(key)
    assert (again.record_id, again.is_repeat) == (first.record_id, True)
    assert len(CaseEvent.objects.get(case=first.record_id).request_digest) == 64


def test_a_report_with_the_names_of_an_earlier_release_is_taken_and_known_again_under_those_of_today():
    client, (longitude, latitude) = Client(headers=JSON), inside()
    client.force_login(people.worker())
    body = {"key": uuid.uuid4(), "category": settled_by(Loop.COMMUNITY).pk, "words": "有杂物"}
    names = ("place_longitude", "place_latitude"), ("position_longitude", "position_latitude")
    earlier, today = (body | dict(zip(pair, (longitude, latitude), strict=True)) for pair in names)
    answers = [client.post("/field/report/", sent) for sent in (earlier, today, earlier)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert Case.objects.get().uuid == body["key"]
    who, point = actor_of(people.worker()), {"longitude": longitude}
    assert actions.DOOR.digests(who, "report", {"position": point}) == actions.DOOR.digests(
        who, "report", {"place": point}
    )


def test_after_resealing_the_old_version_may_go(settings):
    calls = User.objects.get(username="shouli")
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "来电反映"}
    told = {"contact_name": "杨女士", "contact_phone": "13800000000"}
    source = Case.Source.PHONE
    answer = actions.report(by=calls, now=MORNING, key=uuid.uuid4(), given={**given, **told}, source=source)
    key = store_key(of=calls, now=MORNING)
    newest = max(settings.FIELD_KEYS) + 1
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, newest: NEWER}
    call_command("reseal")
    settings.FIELD_KEYS = {newest: NEWER}
    assert store_key(of=calls, now=MORNING) == key
    contact = Contact.objects.get(case=answer.record_id)
    assert (secrets.unseal(contact.name), secrets.unseal(contact.phone)) == ("杨女士", "13800000000")


def test_the_command_reseals_every_column_that_is_sealed():
    from cases.management.commands.reseal import SEALED

    binary = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }
    assert {(model, name) for model, names in SEALED for name in names} == binary


# A phone that sends again ----------------------------------------------------------------------------------------

REPORTS, TIMES, LOST = tries(20, full=200, trust=1000), 5, 0.3


class Phone:
    """Sends what waits as static/js/field/queue.js does, and does not hear every answer."""

    def __init__(self, user: User, chance: random.Random) -> None:
        self.client, self.chance, self.owner = Client(), chance, user.pk
        self.client.force_login(user)
        self.waiting: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}

    def keep(self, **fields: Any) -> str:
        key = str(uuid.uuid4())
        self.waiting[key] = {"key": key, "nearby_seen": "1", "owner": self.owner, **fields}
        return key

    def send(self, key: str) -> HttpResponse | None:
        """The answer, or nothing where it was lost on the way."""
        answer = self.client.post("/field/report/", self.waiting[key], headers=JSON)
        return None if self.chance.random() < LOST else answer

    def replay(self) -> None:
        """Everything that waits once, in any order; what was answered leaves, what was refused stays and says why."""
        for key in self.chance.sample(sorted(self.waiting), len(self.waiting)):
            answer = self.send(key)
            if answer is not None and answer.status_code in (200, 201):
                del self.waiting[key]
            elif answer is not None:
                self.refused[key] = answer.json()["detail"]


@pytest.mark.trust
def test_what_is_sent_five_times_in_any_order_with_lost_answers_becomes_one_case(promise):
    chance = random.Random(6)
    longitude, latitude = inside()
    category = settled_by(Loop.COMMUNITY).pk
    phone = Phone(people.worker(), chance)
    sent = {}
    for number in range(REPORTS):
        fields = {"position_longitude": longitude, "position_latitude": latitude, "category": category}
        key = phone.keep(**fields, words=f"第{number}件事", device_time="2026-11-18T02:00:00.000Z")
        sent[key] = dict(phone.waiting[key])
    for _ in range(TIMES):
        phone.waiting |= {key: dict(body) for key, body in sent.items()}
        phone.replay()
    while phone.waiting:
        phone.replay()
    cases = {str(case.uuid): case for case in Case.objects.all()}
    words = dict(CaseText.objects.values_list("case__uuid", "body"))
    arrived = {key for key, body in sent.items() if key in cases and words[cases[key].uuid] == body["words"]}
    assert phone.refused == {} and len(cases) == REPORTS
    tried, held = REPORTS * TIMES, len(arrived) * TIMES
    promise("reports sent five times with lost answers", tried=tried, held=held, lost=REPORTS - len(arrived))

    tampered = [
        phone.client.post("/field/report/", {**body, "words": "改过"}, headers=JSON) for body in sent.values()
    ]
    assert Case.objects.count() == REPORTS
    held = sum(answer.status_code == 409 for answer in tampered)
    promise("other words under a used key", tried=REPORTS, held=held)


UNREADABLE = {
    "no words": {"words": ""},
    "a category that is none": {"category": "九"},
    "a category that is gone": {"category": "999999999"},
    "a position beyond the earth": {"position_longitude": "500"},
    "a position that is none": {"position_latitude": "nan"},
    "a photo that is none": {"photos": "not-an-id"},
    "a photo that is nobody's": {"photos": str(uuid.UUID(int=6))},
    "words without an end": {"words": "长" * 10_000},
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_stays_in_the_phone_and_says_why(what):
    longitude, latitude = inside()
    fields = {
        "position_longitude": longitude,
        "position_latitude": latitude,
        "category": settled_by(Loop.COMMUNITY).pk,
    }
    phone = Phone(people.worker(), random.Random(1))
    key = phone.keep(**{**fields, "words": "有杂物", **UNREADABLE[what]})
    while key not in phone.refused:
        phone.replay()
    assert key in phone.waiting and phone.refused[key].endswith("。")
    phone.waiting[key] |= {**fields, "words": "改好了"}
    phone.waiting[key].pop("photos", None)
    while phone.waiting:
        phone.replay()
    assert Case.objects.get().uuid == uuid.UUID(key)
