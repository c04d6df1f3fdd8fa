"""Everything that writes whistles."""

from partybuilding.actions import calling, ending, ladder, scoring, working
from partybuilding.actions.door import DOOR

perform = DOOR.perform

__all__ = ["DOOR", "calling", "ending", "ladder", "perform", "scoring", "working"]
