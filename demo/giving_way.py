"""Work in the background waits while people use the site."""

import time

from django.db import connection

#: A web process has just answered, or is about to: there may be more to come on the same page.
JUST_NOW, PAUSE = 0.3, 0.1
#: Where there are always people, the background goes on slowly.
LONGEST = 3.0

BUSY = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'gridloop-web'
          AND (state <> 'idle' OR state_change > clock_timestamp() - %s * interval '1 second'))
"""


def is_busy() -> bool:
    """Whether a web process works for somebody, or did just now."""
    with connection.cursor() as cursor:
        cursor.execute(BUSY, [JUST_NOW])
        return cursor.fetchone()[0]


def give_way() -> None:
    """Wait until nobody is served, or for the longest that one waits."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and is_busy():
        time.sleep(PAUSE)
