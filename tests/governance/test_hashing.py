"""Hashing of passwords: a few at a time, whoever asks; the other pages go on meanwhile."""

import runpy
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from governance import hashing
from governance.models import SignInTry, User
from governance.refusals import Busy
from tests.governance.test_signing_in import PASSWORD, in_threads, known_device, person, sign_in
from tests.scale import tries


class Held(Argon2PasswordHasher):
    """Hashing that takes as long as the test wants."""

    go, lock = threading.Event(), threading.Lock()
    now = most = 0

    def encode(self, password: str, salt: str) -> str:
        with Held.lock:
            Held.now += 1
            Held.most = max(Held.most, Held.now)
        assert Held.go.wait(60)
        with Held.lock:
            Held.now -= 1
        return "argon2$held"


class HeldHasher(hashing.SharedArgon2, Held):
    """The hasher of the site over one that takes its time."""


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_forty_sign_ins_at_once_leave_the_other_pages_alone(promise, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.HeldHasher"]
    clerk = Client()
    clerk.force_login(User.objects.get(username="shequ"))
    logins, done = tries(40, trust=400), Counter()

    def log_in(number: int) -> int:
        code = sign_in("guess", f"test_{number}", address=f"10.0.{number}.1").status_code
        done[code] += 1
        return code

    with ThreadPoolExecutor(1) as others:
        under_way = others.submit(in_threads, log_in, logins)
        pages = 0
        while done[429] < logins - hashing.AT_ONCE:  # while two passwords are being hashed
            assert clerk.get("/desk/").status_code == 200
            pages += 1
        Held.go.set()
        codes = Counter(under_way.result())
    assert Held.most <= hashing.AT_ONCE and pages > 0
    assert codes == {200: hashing.AT_ONCE, 429: logins - hashing.AT_ONCE}
    promise("sign-ins at once, two passwords hashed at a time, pages answered", tried=logins, held=logins)


def stand(slots: ExitStack, *, is_known: bool) -> int:
    """Take slots in the line until it is full; returns how many."""
    taken = 0
    with suppress(Busy):
        while True:
            slots.enter_context(hashing.slot_in_line(is_known=is_known))
            taken += 1
    return taken


def test_known_devices_do_not_stand_in_line_with_strangers(db):
    person()
    mine = known_device()
    with ExitStack() as strangers:
        assert stand(strangers, is_known=False) == hashing.AT_ONCE + hashing.IN_LINE - hashing.FOR_KNOWN
        assert sign_in(PASSWORD).status_code == 429
        assert sign_in(PASSWORD, client=mine).status_code == 302


@pytest.mark.parametrize("known_first", [True, False])
def test_strangers_and_known_devices_together_leave_threads_for_everybody_else(known_first):
    server = runpy.run_path(str(settings.BASE_DIR / "config/gunicorn.py"))
    with ExitStack() as slots:
        taken = stand(slots, is_known=known_first) + stand(slots, is_known=not known_first)
        assert taken == hashing.AT_ONCE + hashing.IN_LINE <= server["threads"] - 3
    with ExitStack() as slots:
        assert stand(slots, is_known=True) == taken, "who was refused holds no slot"


def test_who_was_not_checked_is_told_so_and_not_counted(db, settings, monkeypatch):
    person()
    monkeypatch.setattr(hashing.slots, "seconds", 0.01)
    settings.PASSWORD_HASHERS = ["governance.hashing.SharedArgon2"]
    with hashing.slots.hold(), hashing.slots.hold():
        answer = sign_in(PASSWORD, "nobody-at-all")
    assert answer.status_code == 429 and answer["Retry-After"] == "3"
    assert "密码还没有核对" in answer.content.decode()
    assert SignInTry.objects.count() == 0


def test_a_password_is_hashed_in_one_thread_and_older_hashes_are_renewed(db, settings):
    dispatcher = person()
    settings.PASSWORD_HASHERS = ["governance.hashing.SharedArgon2"]
    older = Argon2PasswordHasher().encode(PASSWORD, "salt-of-some-length")
    User.objects.filter(pk=dispatcher.pk).update(password=older)
    assert "p=8" in older and sign_in(PASSWORD).status_code == 302
    dispatcher.refresh_from_db()
    assert "p=1" in dispatcher.password and dispatcher.check_password(PASSWORD)


def test_setting_a_password_goes_through_the_same_slots(db, settings, monkeypatch):
    monkeypatch.setattr(hashing.slots, "seconds", 0.01)
    settings.PASSWORD_HASHERS = ["governance.hashing.SharedArgon2"]
    admin = Client()
    admin.force_login(User.objects.get(username="anquan"))
    other = User.objects.get(username="shequ").pk
    body = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    with hashing.slots.hold(), hashing.slots.hold():
        answer = admin.post(f"/admin/governance/user/{other}/password/", body)
    assert answer.status_code == 429 and answer["Retry-After"] == "3"
    assert "请稍后再试" in answer.content.decode()
