import os
from contextlib import closing

import psycopg2
import pytest
from django.db import connection

from demo import giving_way


@pytest.fixture
def web(db):
    """A connection of a web process to the database of the test."""
    options = {"dbname": connection.settings_dict["NAME"], "application_name": "gridloop-web"}
    with closing(psycopg2.connect(os.environ["DATABASE_URL"], **options)) as web:
        yield web


def test_the_background_waits_while_a_request_is_served(web, monkeypatch):
    monkeypatch.setattr(giving_way, "LONGEST", 0.01)
    with web.cursor() as cursor:
        cursor.execute("SELECT 1")  # its transaction is not over
        assert giving_way.is_busy()
        giving_way.give_way()  # not for ever
    web.rollback()


def test_a_web_process_that_has_nothing_to_do_holds_nobody_up(web, monkeypatch):
    monkeypatch.setattr(giving_way, "JUST_NOW", 0)
    assert not giving_way.is_busy()
    giving_way.give_way()
