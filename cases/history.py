"""The history of cases, verified and anchored with all others."""

from cases.models import CaseEvent, CaseText
from records.histories import keep

HISTORY = keep("件案件", CaseEvent, CaseText, anchors="anchors.txt")
anchors = HISTORY.anchors
