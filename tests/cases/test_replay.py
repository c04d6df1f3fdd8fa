"""What was sent before is sent again: the answer is the one of then, whatever changed meanwhile."""

import uuid
from base64 import b64encode
from typing import Any

import pytest
from django.core.management import call_command

from cases import actions
from cases.actions import KeyReused
from cases.models import Case, CaseEvent, Contact
from cases.workflow import Loop
from governance import secrets
from governance.models import User
from tests import people
from tests.lives import MORNING, inside, settled_by

pytestmark = pytest.mark.django_db
NEWER = b64encode(b"2" * 32).decode()


def report(key: uuid.UUID, words: str = "有杂物") -> Any:
    given = {"place": inside(), "category": settled_by(Loop.COMMUNITY), "words": words}
    return actions.report(by=people.worker(), now=MORNING, key=key, given=given)


def test_a_change_of_keys_does_not_make_a_repeat_another_request(settings):
    key = uuid.uuid4()
    first = report(key)
    settings.SECRET_KEY = "rotated"
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, max(settings.FIELD_KEYS) + 1: NEWER}
    again = report(key)
    assert (again.case_id, again.is_repeat) == (first.case_id, True)
    with pytest.raises(KeyReused):
        report(key, "别的内容")


def test_a_report_whose_answer_was_lost_before_the_digest_had_its_own_key_is_known_again(monkeypatch):
    """Until now SECRET_KEY keyed the digest: such an event is written here by leaving the newer ones away."""
    key = uuid.uuid4()
    with monkeypatch.context() as before:
        before.setattr(secrets, "digests", lambda message: ())
        first = report(key)
    again = report(key)
    assert (again.case_id, again.is_repeat) == (first.case_id, True)
    assert len(CaseEvent.objects.get(case=first.case_id).request_digest) == 64


def test_after_resealing_the_old_version_may_go(settings):
    calls = User.objects.get(username="shouli")
    given = {"place": inside(), "category": settled_by(Loop.COMMUNITY), "words": "来电反映"}
    told = {"contact_name": "杨女士", "contact_phone": "13800000000"}
    source = Case.Source.PHONE
    answer = actions.report(by=calls, now=MORNING, key=uuid.uuid4(), given={**given, **told}, source=source)
    newest = max(settings.FIELD_KEYS) + 1
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, newest: NEWER}
    call_command("reseal")
    settings.FIELD_KEYS = {newest: NEWER}
    contact = Contact.objects.get(case=answer.case_id)
    assert (secrets.unseal(contact.name), secrets.unseal(contact.phone)) == ("杨女士", "13800000000")
