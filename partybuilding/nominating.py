"""Which units a whistle could call: all in reach, and those that the responsibility list and precedents propose, with why."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from cases.models import Case, Responsibility
from cases.models.catalogue import USUAL
from governance.models import Organization, Post
from governance.models.organizations import UNIT, OrganizationQuerySet
from governance.roles import Duty
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CallState, State

#: What whistles teach (precedents, rates, changes of the list) is taken from the last year (ours).
YEAR = dt.timedelta(days=365)
#: So many precedents are looked at.
MOST_PRECEDENTS = 50


def units_to_call(case: Case, on: dt.date) -> OrganizationQuerySet:
    """Departments and member units of the territories at the place of a case; ``is_staffed``: somebody there answers."""
    places = [place for place in (case.district_id, case.street_id, case.community_id) if place]
    answers = Post.objects.on_duty(on).with_duty(Duty.ANSWER).filter(organization=OuterRef("pk"))
    found = Organization.objects.active(on).filter(UNIT, parent__in=places)
    return found.annotate(is_staffed=Exists(answers)).order_by("level", "path")


@dataclass
class Nominee:
    """A unit that a whistle proposes to call, and why."""

    unit: Organization
    is_lead: bool
    reasons: list[str]

    @property
    def why(self) -> str:
        return "；".join(self.reasons)


def nominees(case: Case, on: dt.date) -> list[Nominee]:
    """Units that the responsibility list names and that came to closed whistles of the same category, the lead first.

    The highest unit with a function stands for it: a street calls the departments above it.
    """
    units = list(units_to_call(case, on))
    found: dict[int, Nominee] = {}
    condition = case.responsibility.condition if case.responsibility else USUAL
    rows = Responsibility.objects.current().filter(category=case.category_id, condition=condition)
    for row in sorted(rows, key=lambda row: row.loop != "district"):
        functions = [(row.lead, "牵头"), *((name, "协办") for name in row.helpers)]
        for function, part in functions:
            unit = next((one for one in units if one.function == function), None)
            if unit is None or unit.pk in found:
                continue
            words = f"权责清单（{row.get_loop_display()}）：{part} {unit.get_function_display()}"
            found[unit.pk] = Nominee(unit, part == "牵头" and row.loop == "district", [words])
    by_id = {unit.pk: unit for unit in units}
    for unit_id, times in _precedents(case, on).most_common():
        if unit_id not in by_id:
            continue
        one = found.setdefault(unit_id, Nominee(by_id[unit_id], False, []))
        one.reasons.append(f"先例：近一年同类哨令到场办结 {times} 次")
    return sorted(found.values(), key=lambda one: not one.is_lead)


def _precedents(case: Case, on: dt.date) -> Counter[int]:
    """How often each unit finished its part in closed whistles of the category, in the street first."""
    since = dt.datetime.combine(on - YEAR, dt.time(), dt.UTC)
    closed = Whistle.objects.filter(
        category=case.category_id, state__in=[State.CLOSED, State.SCORED], blown_at__gte=since
    )
    near = closed.filter(street=case.street_id)
    chosen = near if near.exists() else closed.filter(district=case.district_id)
    ids = list(chosen.order_by("-blown_at").values_list("pk", flat=True)[:MOST_PRECEDENTS])
    rows = Call.objects.filter(whistle__in=ids, state=CallState.FINISHED)
    return Counter(rows.values_list("unit", flat=True))
