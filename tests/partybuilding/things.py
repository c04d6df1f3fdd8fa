"""What addresses of the party half speak of (the placeholders of ``tests/access.py``)."""

import datetime as dt

from cases.workflow import State
from partybuilding import photos
from partybuilding.codes import screen_ticket
from partybuilding.models import CallClock, Whistle, WhistlePhoto
from tests import people
from tests.lives import case_at
from tests.partybuilding.blowing import blown, do
from tests.photos import jpeg


def logged_photo(whistle: Whistle, now: dt.datetime) -> WhistlePhoto:
    """A photo that the joint log of a whistle has taken."""
    liaison = people.someone("liaison", f"{people.DISTRICT}-urban_management")
    photo = photos.store(jpeg(640, 480, "#445566"), by=liaison, now=now)
    do(whistle, "note", liaison, now=now, words="现场摊位 14 个，劝离 9 个。", photos=[photo.uuid])
    return photo


def party_things(now: dt.datetime) -> dict[str, object]:
    """A running whistle with a photo in its log, and a case on which one could be blown; no clock is due."""
    free, whistle = case_at(State.HANDLING, loop="street"), blown(by="jieshuji", now=now)
    photo = logged_photo(whistle, now)
    CallClock.objects.update(next_at=None)
    return {
        "free_case": free.uuid,
        "whistle": whistle.uuid,
        "whistle_photo": photo.uuid,
        "call": whistle.calls.first().pk,
        "ticket": screen_ticket(whistle.uuid, whistle.blown_by_id, now),
    }
