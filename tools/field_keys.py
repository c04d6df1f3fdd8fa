"""Print the FIELD_KEYS line for .env: the ring as it is with a new key as its newest version.

What is encrypted from now on takes the new key; everything older stays readable as long as its version stands in the
line (`manage.py reseal` encrypts it anew, then the old version may go). Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import b64encode


def derived(secret_key: str) -> str:
    """The key that a site without FIELD_KEYS used: base64 of 32 bytes, made of its SECRET_KEY."""
    return b64encode(hashlib.sha256(f"fields:{secret_key}".encode()).digest()).decode()


def next_ring(ring: str, secret_key: str = "") -> str:
    """A ring and a new key; before the first one comes what a site with this SECRET_KEY has used without a ring."""
    if not ring and secret_key:
        ring = f"1:{derived(secret_key)}"
    pairs = [pair.strip() for pair in ring.split(",") if pair.strip()]
    version = max((int(pair.partition(":")[0]) for pair in pairs), default=0) + 1
    return ",".join([*pairs, f"{version}:{b64encode(secrets.token_bytes(32)).decode()}"])


if __name__ == "__main__":
    import machine

    known = {**machine.env_file_values(), **os.environ}
    print("FIELD_KEYS=" + next_ring(known.get("FIELD_KEYS", ""), known.get("SECRET_KEY", "")))
