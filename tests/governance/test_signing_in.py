"""Guessing passwords: limits per account, device and address, and how many passwords are hashed at once."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie
from importlib import import_module
from unittest import mock

import pytest
import time_machine
from django.contrib.auth.backends import ModelBackend
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from governance import hashing, signing_in
from governance.models import SignIn, SignInTry, User
from governance.slots import Slots
from tests.scale import tries

PASSWORD = "a-quiet-street-7"
GUESSES, THREADS = tries(40, full=200, trust=1000), 40


def person(username: str = "test_paiqian") -> User:
    return User.objects.create_user(username, password=PASSWORD, name="测试派遣员")


@pytest.fixture
def dispatcher(db) -> User:
    return person()


def sign_in(
    password: str, username: str = "test_paiqian", client: Client | None = None, address: str = "10.0.0.1"
) -> HttpResponse:
    body = {"username": username, "password": password}
    return (client or Client()).post("/login/", body, REMOTE_ADDR=address)


def known_device(username: str = "test_paiqian") -> Client:
    """A browser in which this person signed in once and out again."""
    client = Client()
    assert sign_in(PASSWORD, username, client).status_code == 302
    client.post("/logout/")
    return client


def copy_of(client: Client) -> Client:
    """The same browser once more, for a thread of its own."""
    other = Client()
    other.cookies = SimpleCookie(client.cookies.output(header=""))
    return other


def minutes(answer: HttpResponse) -> int:
    found = re.search(r"请 (\d+) 分钟后再试", answer.content.decode())
    assert found and answer.status_code == 429 and 0 < int(answer["Retry-After"]) <= 15 * 60
    return int(found[1])


@contextmanager
def counted_checks() -> Iterator[list[str]]:
    """Names whose password was really checked."""
    checked: list[str] = []
    check = ModelBackend.authenticate

    def counting(self: ModelBackend, request: HttpRequest, **words: str) -> User | None:
        checked.append(words["username"])
        return check(self, request, **words)

    with mock.patch.object(ModelBackend, "authenticate", counting):
        yield checked


def in_threads(task: Callable[[int], object], times: int) -> list:
    """Run a task many times, as many at once as there are threads, each on a connection of its own."""

    def run(number: int) -> object:
        try:
            return task(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(min(times, THREADS)) as pool:
        return list(pool.map(run, range(times)))


# One account ------------------------------------------------------------------------------------------------------


def test_five_failures_lock_the_account_and_say_for_how_many_minutes(dispatcher):
    for _ in range(5):
        assert sign_in("wrong").status_code == 200
    answer = sign_in(PASSWORD)
    assert minutes(answer) in (14, 15) and "账号已锁定" in answer.content.decode()


def test_the_five_tries_are_those_of_all_addresses_together(dispatcher):
    codes = [sign_in("wrong", address=f"10.0.{n}.9").status_code for n in range(7)]
    assert codes == [200] * 5 + [429] * 2


def test_another_address_in_a_header_does_not_buy_more_tries(dispatcher):
    body = {"username": "test_paiqian", "password": "wrong"}
    codes = [Client().post("/login/", body, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code for n in range(7)]
    assert codes == [200] * 5 + [429] * 2


def test_another_spelling_of_the_name_does_not_buy_more_tries(dispatcher):
    names = ["test_paiqian", "Test_Paiqian", "TEST_PAIQIAN", "test_paiqian ", "ｔest_paiqian", "tEst_paiqian"]
    assert [sign_in("wrong", name).status_code for name in names] == [200] * 5 + [429]


def test_a_name_that_does_not_exist_is_locked_with_the_same_sentence(dispatcher):
    for name in ("test_paiqian", "nobody-at-all"):
        for _ in range(5):
            sign_in("wrong", name)
    texts = [sign_in("wrong", name).content.decode() for name in ("test_paiqian", "nobody-at-all")]
    said = [re.findall(r"账号已锁定.*?。", text) for text in texts]
    assert said[0] and said[0] == said[1]


def test_the_lock_ends_after_a_quarter_of_an_hour(dispatcher):
    with time_machine.travel("2026-11-25 08:00+08:00", tick=False) as clock:
        for _ in range(5):
            sign_in("wrong")
        clock.shift(14 * 60)
        assert minutes(sign_in(PASSWORD)) == 1
        clock.shift(60)
        assert sign_in(PASSWORD).status_code == 302


def test_the_right_password_takes_back_ones_own_failures_only(dispatcher):
    for _ in range(3):
        sign_in("guess", address="10.9.9.9")
    for _ in range(1):
        sign_in("typo", address="10.0.0.1")
    assert sign_in(PASSWORD, address="10.0.0.1").status_code == 302
    codes = [sign_in("guess", address="10.9.9.9").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_a_locked_account_leaves_others_alone(dispatcher):
    person("test_other")
    for _ in range(6):
        sign_in("wrong")
    assert sign_in(PASSWORD, "test_other").status_code == 302


def test_names_are_not_kept_with_failed_tries(dispatcher):
    sign_in("wrong", "my-password-in-the-wrong-field")
    assert "my-password" not in str(SignInTry.objects.values().get())


def test_a_sign_in_is_written_down_and_a_failed_one_is_not(dispatcher):
    sign_in("wrong")
    sign_in(PASSWORD, address="10.0.0.7")
    assert list(SignIn.objects.values_list("user__username", "address")) == [("test_paiqian", "10.0.0.7")]


def test_an_old_data_folder_keeps_its_record_of_sign_ins(dispatcher):
    migration = import_module("governance.migrations.0002_signing_in")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE axes_accesslog (id int, username text, ip_address inet, attempt_time timestamptz)"
        )
        cursor.execute(
            "INSERT INTO axes_accesslog VALUES (1, 'test_paiqian', '10.0.0.7', '2026-11-20 08:00+08')"
        )
        cursor.execute("INSERT INTO axes_accesslog VALUES (2, 'nobody', NULL, '2026-11-20 08:00+08')")
        cursor.execute(migration.TAKE_OVER)
        cursor.execute("SELECT to_regclass('axes_accesslog')")
        assert cursor.fetchone() == (None,)
    assert [(one.user, one.address) for one in SignIn.objects.all()] == [(dispatcher, "10.0.0.7")]


# A known device ---------------------------------------------------------------------------------------------------


def test_strangers_do_not_keep_the_owner_out_of_a_known_device(dispatcher):
    mine = known_device()
    for n in range(8):
        sign_in("guess", address=f"10.1.{n}.1")
    assert sign_in(PASSWORD).status_code == 429
    assert sign_in(PASSWORD, client=mine).status_code == 302


def test_a_known_device_has_five_tries_and_locks_nobody_else(dispatcher):
    mine, other = known_device(), known_device()
    assert [sign_in("typo", client=mine).status_code for _ in range(6)] == [200] * 5 + [429]
    assert sign_in(PASSWORD, client=other).status_code == 302
    assert sign_in(PASSWORD).status_code == 302


def test_a_device_knows_only_those_who_signed_in_on_it(dispatcher):
    person("test_other")
    mine = known_device()
    for _ in range(5):
        sign_in("guess", "test_other")
    assert sign_in(PASSWORD, "test_other", client=mine).status_code == 429


def test_an_office_computer_knows_several_people(dispatcher):
    person("test_other")
    shared = known_device()
    assert sign_in(PASSWORD, "test_other", client=shared).status_code == 302
    for name in ("test_paiqian", "test_other"):
        for n in range(5):
            sign_in("guess", name, address=f"10.1.{n}.1")
        assert sign_in(PASSWORD, name, client=shared).status_code == 302


@pytest.mark.parametrize("change", ["password", "is_active", "forged"])
def test_a_device_is_a_stranger_again_after(dispatcher, change):
    mine = known_device()
    if change == "password":
        dispatcher.set_password("another-street-8")
        dispatcher.save()
    elif change == "is_active":
        User.objects.filter(pk=dispatcher.pk).update(is_active=False)
    else:
        mine.cookies["device"] = mine.cookies["device"].value[:-2] + "AA"
    for _ in range(5):
        sign_in("guess")
    assert sign_in("another-street-8" if change == "password" else PASSWORD, client=mine).status_code == 429


def test_the_cookie_of_a_device_is_for_the_server_alone(dispatcher, settings):
    settings.SESSION_COOKIE_SECURE = True
    morsel = known_device().cookies["device"]
    assert morsel["httponly"] and morsel["secure"] and morsel["samesite"] == "Lax"
    assert dispatcher.username not in morsel.value


# One address ------------------------------------------------------------------------------------------------------


def test_one_address_fails_on_ten_accounts_and_then_waits(dispatcher):
    mine = known_device()
    codes = [sign_in("wrong", f"test_{n}").status_code for n in range(12)]
    assert codes == [200] * 10 + [429] * 2
    answer = sign_in(PASSWORD)
    assert minutes(answer) in (14, 15) and "网络地址" in answer.content.decode()
    assert sign_in(PASSWORD, address="10.0.0.2").status_code == 302
    assert sign_in(PASSWORD, client=mine).status_code == 302, "a known device there is not kept out"


def test_an_office_where_one_person_mistypes_ten_times_is_not_locked_out(dispatcher):
    for _ in range(10):
        sign_in("typo", "test_other")
    assert sign_in(PASSWORD).status_code == 302


def test_an_office_where_forty_people_mistype_once_is_not_locked_out(db):
    for n in range(40):
        person(f"test_{n}")
        assert sign_in("typo", f"test_{n}").status_code == 200
        assert sign_in(PASSWORD, f"test_{n}").status_code == 302


def test_addresses_of_one_network_count_as_one():
    def of(address: str) -> str:
        request = HttpRequest()
        request.META["REMOTE_ADDR"] = address
        return signing_in.address_of(request)

    assert of("2001:db8:1:2::1") == of("2001:db8:1:2:ffff::9") != of("2001:db8:1:3::1")
    assert of("::ffff:10.0.0.1") == of("10.0.0.1") != of("10.0.0.2")
    assert of("fe80::1%eth0") == of("fe80::2") and of("") == "" and len(of("x" * 99)) == 45


def test_tries_that_no_rule_counts_are_removed(dispatcher):
    with time_machine.travel("2026-11-25 08:00+08:00", tick=False) as clock:
        sign_in("wrong")
        clock.shift(10 * 60)
        sign_in("wrong")
        clock.shift(6 * 60)
        signing_in.forget_old(now=SignInTry.objects.latest("at").at + signing_in.WINDOW)
    assert SignInTry.objects.count() == 1


# Many at once -----------------------------------------------------------------------------------------------------


@pytest.fixture
def many_processes(monkeypatch):
    """As many at once as the processes of a large site let in together."""
    for line in ("_line", "_strangers"):
        monkeypatch.setattr(hashing, line, Slots(THREADS, hashing.too_many))


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_guesses_on_one_account_from_anywhere_are_checked_five_times_at_most(promise, many_processes):
    person()
    mine = known_device()
    with counted_checks() as checked:

        def guess(number: int) -> int:
            if number == GUESSES // 2:  # the owner, while strangers are guessing
                return sign_in(PASSWORD, client=copy_of(mine)).status_code
            return sign_in(f"guess-{number}", address=f"10.{number % 100}.0.1").status_code

        codes = Counter(in_threads(guess, GUESSES + 1))
    guesses_checked = len(checked) - 1
    assert codes.pop(302) == 1, "the owner gets in from a known device"
    assert set(codes) == {200, 429}
    promise(
        "guesses from 100 addresses on one account, five checked at most",
        tried=GUESSES,
        held=GUESSES - max(0, guesses_checked - signing_in.TRIES),
        lost=max(0, guesses_checked - signing_in.TRIES),
    )


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_one_address_over_sixty_accounts_is_checked_ten_times_at_most(promise, many_processes):
    accounts, rounds = 60, tries(1, trust=16)
    with counted_checks() as checked:
        in_threads(lambda n: sign_in("guess", f"test_{n % accounts}"), accounts * rounds)
    over = max(0, len(checked) - signing_in.ACCOUNTS)
    promise(
        "guesses from one address over 60 accounts, ten checked at most",
        tried=accounts * rounds,
        held=accounts * rounds - over,
        lost=over,
    )


@pytest.mark.django_db(transaction=True)
def test_a_try_does_not_wait_for_the_lock_of_another_without_end(monkeypatch):
    monkeypatch.setattr(signing_in, "LOCK_TIMEOUT", "50ms")
    person()
    with transaction.atomic():
        signing_in._lock(SignInTry(account=signing_in.account_of("test_paiqian"), address="10.9.9.9"))
        codes = in_threads(lambda n: sign_in(PASSWORD).status_code, 3)
    assert codes == [429] * 3
    assert SignInTry.objects.count() == 0
    assert sign_in(PASSWORD).status_code == 302


def test_a_device_stays_known_when_the_former_key_of_the_site_is_kept(dispatcher, settings):
    mine = known_device()
    for _ in range(signing_in.TRIES):
        sign_in("guess")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-long-text-that-signs-sessions-from-today-on-0123456789"
    for _ in range(signing_in.TRIES):
        sign_in("guess")
    assert sign_in(PASSWORD).status_code == 429
    assert sign_in(PASSWORD, client=mine).status_code == 302
