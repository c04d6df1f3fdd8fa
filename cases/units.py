"""Which units a case can be given to, and whether somebody there may take it today."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from cases.loops import territory_id, top, up_to_loop
from cases.models import Case
from cases.workflow import Loop
from governance.models import Organization, Post
from governance.models.organizations import UNIT, OrganizationQuerySet
from governance.roles import Duty


def units_in_reach(case: Case, on: dt.date, *, anywhere: bool = False) -> OrganizationQuerySet:
    """Units of the commanding territory and below, at the place of the case; ``anywhere``: of those above too.

    ``is_staffed`` says whether somebody on duty there handles and may handle this case.
    """
    reach = up_to_loop(top() if anywhere else Loop(case.loop))
    parents = [place for loop in reach if (place := territory_id(case, loop))]
    hands = Post.objects.on_duty(on).with_duty(Duty.HANDLE).filter(organization=OuterRef("pk"))
    hands = hands.exclude(user__in=case.never_handle)
    found = Organization.objects.active(on).filter(UNIT & Q(parent__in=parents) | Q(pk=case.community_id))
    return found.annotate(is_staffed=Exists(hands)).order_by("-level", "path")


def desk_is_staffed(centre_id: int | None, on: dt.date, *, without: Iterable[int] = ()) -> bool:
    """Whether somebody at the desk of a centre is on duty, besides some people."""
    there = Post.objects.on_duty(on).with_duty(Duty.INTAKE).filter(organization=centre_id)
    return there.exclude(user__in=without).exists()
