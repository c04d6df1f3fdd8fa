"""Personal data at rest: AES-256-GCM with a versioned key ring."""

import base64
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


def _bytes(version: int) -> bytes:
    return base64.b64decode(settings.FIELD_KEYS[version])


def _key(version: int) -> AESGCM:
    return AESGCM(_bytes(version))


def seal(text: str) -> bytes:
    """Encrypt with the newest key; the first byte names the key's version."""
    version = max(settings.FIELD_KEYS)
    nonce = os.urandom(_NONCE)
    return bytes([version]) + nonce + _key(version).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes) -> str:
    """Decrypt what ``seal`` wrote.

    Raises ``KeyError`` when the key ring no longer holds the version, ``InvalidTag`` when the bytes were altered.
    """
    sealed = bytes(sealed)
    nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    return _key(sealed[0]).decrypt(nonce, body, None).decode()


def is_newest(sealed: bytes) -> bool:
    """Whether something was sealed with the newest key."""
    return bytes(sealed)[0] == max(settings.FIELD_KEYS)


def digests(message: bytes) -> tuple[str, ...]:
    """Keyed SHA-256 digests of a message, one for every version of the ring, the newest first."""
    subkeys = (
        hmac.digest(_bytes(version), b"digests", "sha256") for version in sorted(settings.FIELD_KEYS)[::-1]
    )
    return tuple(hmac.digest(key, message, "sha256").hex() for key in subkeys)


def mask_name(name: str) -> str:
    """王小明 → 王**."""
    return name[:1] + "*" * max(len(name) - 1, 1)
