from partybuilding.models.calls import Arrival, Call, CallClock, Task
from partybuilding.models.clocks import Clock, DecisionClock
from partybuilding.models.events import Score, WhistleEvent, WhistlePhoto, WhistleText
from partybuilding.models.proposals import ListProposal
from partybuilding.models.rules import WhistleBand, WhistleRule
from partybuilding.models.whistles import Whistle

__all__ = [
    "Arrival",
    "Call",
    "CallClock",
    "Clock",
    "DecisionClock",
    "ListProposal",
    "Score",
    "Task",
    "Whistle",
    "WhistleBand",
    "WhistleEvent",
    "WhistlePhoto",
    "WhistleRule",
    "WhistleText",
]
