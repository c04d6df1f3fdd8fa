"""The history of whistles, verified and anchored with all others."""

from partybuilding.models import WhistleEvent, WhistleText
from records.histories import keep

HISTORY = keep("件哨单", WhistleEvent, WhistleText, anchors="anchors-whistles.txt")
anchors = HISTORY.anchors
