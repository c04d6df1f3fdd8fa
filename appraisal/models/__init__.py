from appraisal.models.exclusions import Exclusion, ExclusionDecision
from appraisal.models.looks import Looked, MissedDecision, MissedReport, PlaceWarning, Repeat, RepeatPlace
from appraisal.models.recounts import Recount, RecountPart
from appraisal.models.tallies import Counted, Cut, DenominatorChoice, Span, Tallied, Tally, Touched

__all__ = [
    "Counted",
    "Cut",
    "DenominatorChoice",
    "Exclusion",
    "ExclusionDecision",
    "Looked",
    "MissedDecision",
    "MissedReport",
    "PlaceWarning",
    "Recount",
    "RecountPart",
    "Repeat",
    "RepeatPlace",
    "Span",
    "Tallied",
    "Tally",
    "Touched",
]
