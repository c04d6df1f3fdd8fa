"""Devices for the people of the stories."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.stories.steps import DESK, Device, open_device, sign_in

#: Only takes pictures; nothing is asserted there that a story does not tell.
collect_ignore = [] if os.environ.get("GRIDLOOP_SCREENS") == "1" else ["test_screens.py"]

SignIn = Callable[..., Page]


@pytest.fixture
def signed_in(browser, live_server) -> Iterator[SignIn]:
    """Sign somebody in through the login page, on a device of their own: ``signed_in("shequ", DESK)``."""
    contexts = []

    def enter(username: str, device: Device = DESK) -> Page:
        context = open_device(browser, live_server.url, device)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, username)
        return page

    yield enter
    for context in contexts:
        context.close()
