"""Everything that writes whistles."""

from partybuilding.actions import calling, ending, ladder, scoring, working
from partybuilding.actions.door import DOOR
from partybuilding.actions.ending import lapse
from partybuilding.actions.ladder import sweep

perform = DOOR.perform

__all__ = ["DOOR", "calling", "ending", "ladder", "lapse", "perform", "scoring", "sweep", "working"]
