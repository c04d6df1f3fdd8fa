from cases.models.case import Case
from cases.models.catalogue import Category, CategoryChoice, CategoryWord, Responsibility
from cases.models.legs import Leg, Request, Supervision
from cases.models.records import CaseEvent, Contact, Photo
from cases.models.rules import RuleOverride
from cases.models.search import SearchRow
from cases.models.texts import CaseText
from cases.models.time import CalendarChange, CalendarYear, WorkDay, WorkingHours

__all__ = [
    "CalendarChange",
    "CalendarYear",
    "Case",
    "CaseEvent",
    "CaseText",
    "Category",
    "CategoryChoice",
    "CategoryWord",
    "Contact",
    "Leg",
    "Photo",
    "Request",
    "Responsibility",
    "RuleOverride",
    "SearchRow",
    "Supervision",
    "WorkDay",
    "WorkingHours",
]
