"""Personal data at rest: readable over every change of keys that keeps the ring, and not otherwise."""

import json
from base64 import b64encode
from hashlib import sha256

import field_keys
import machine
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.environment import key_ring
from governance import secrets

ONE, TWO = (b64encode(letter * 32).decode() for letter in (b"1", b"2"))


def test_what_was_sealed_outlives_a_change_of_the_secret_key(settings):
    sealed = secrets.seal("李秀英")
    settings.SECRET_KEY = "another-one"
    assert secrets.unseal(sealed) == "李秀英"


def test_the_newest_key_seals_and_the_older_ones_still_open(settings):
    settings.FIELD_KEYS = {1: ONE}
    old = secrets.seal("旧")
    settings.FIELD_KEYS = {1: ONE, 2: TWO}
    new = secrets.seal("新")
    assert (old[0], new[0]) == (1, 2)
    assert (secrets.is_newest(old), secrets.is_newest(new)) == (False, True)
    assert (secrets.unseal(old), secrets.unseal(new)) == ("旧", "新")


def test_without_its_version_or_with_other_bytes_nothing_opens(settings):
    settings.FIELD_KEYS = {1: ONE, 2: TWO}
    sealed = secrets.seal("密")
    with pytest.raises(InvalidTag):
        secrets.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    settings.FIELD_KEYS = {1: ONE}
    with pytest.raises(KeyError):
        secrets.unseal(sealed)


def test_a_data_folder_of_before_reads_what_it_sealed_with_its_secret_key(settings, tmp_path, monkeypatch):
    """Until now the key was derived from SECRET_KEY, as done here by hand."""
    before = {"secret_key": "the-old-one", "postgres": "p", "valkey": "v"}
    (tmp_path / "secrets.json").write_text(json.dumps(before))
    derived, nonce = sha256(b"fields:the-old-one").digest(), b"n" * 12
    sealed = bytes([1]) + nonce + AESGCM(derived).encrypt(nonce, b"13800000000", None)

    tools_at(tmp_path, monkeypatch)
    ring = machine.own_secrets()["field_keys"]
    settings.FIELD_KEYS, settings.SECRET_KEY = key_ring(ring), "a-new-one"
    assert secrets.unseal(sealed) == "13800000000"
    assert secrets.seal("x")[0] == 2, "nothing new is sealed with what SECRET_KEY gives away"

    after = json.loads((tmp_path / "secrets.json").read_text())
    assert {name: after[name] for name in before} == before
    (tmp_path / "secrets.json").write_text(json.dumps({**after, "secret_key": "rotated"}))
    assert machine.own_secrets()["field_keys"] == ring, "written down once and for all"
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_new_data_folder_has_a_key_that_its_secret_key_does_not_tell(tmp_path, monkeypatch):
    tools_at(tmp_path, monkeypatch)
    ring = key_ring(machine.own_secrets()["field_keys"])
    assert set(ring) == {1}
    assert ring[1] != field_keys.derived(machine.own_secrets()["secret_key"])


def test_the_tool_keeps_every_version_and_adds_one(tmp_path, monkeypatch):
    tools_at(tmp_path, monkeypatch)
    ring = key_ring(field_keys.next_ring(f"1:{ONE},7:{TWO}", "unused"))
    assert set(ring) == {1, 7, 8} and (ring[1], ring[7]) == (ONE, TWO)
    assert key_ring(field_keys.next_ring("", "secret"))[1] == field_keys.derived("secret")


def tools_at(folder, monkeypatch):
    """The tools of `make run`, with another data folder."""
    monkeypatch.setattr(machine, "DATA", folder)
