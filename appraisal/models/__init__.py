from appraisal.models.looks import Looked, MissedDecision, MissedReport, PlaceWarning, Repeat, RepeatPlace
from appraisal.models.tallies import Counted, Cut, DenominatorChoice, Span, Tallied, Tally, Touched

__all__ = [
    "Counted",
    "Cut",
    "DenominatorChoice",
    "Looked",
    "MissedDecision",
    "MissedReport",
    "PlaceWarning",
    "Repeat",
    "RepeatPlace",
    "Span",
    "Tallied",
    "Tally",
    "Touched",
]
