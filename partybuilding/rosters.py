"""Whether every unit that can be called has somebody who answers and a head, who are on duty and can sign in."""

import datetime as dt
import logging
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from governance.models import Organization, Post
from governance.roles import Duty

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gap:
    """A unit in which a post is vacant that whistles ask for."""

    unit: str
    duty: Duty

    def __str__(self) -> str:
        return f"{self.unit} {self.duty.label}"


def gaps(*, on: dt.date) -> list[Gap]:
    """Vacancies of units that can be called, those without anybody to answer first."""
    units = Organization.objects.units().active(on).order_by("level", "path")
    vacancies = []
    for duty in (Duty.ANSWER, Duty.HEAD):
        held = Post.objects.on_duty(on).with_duty(duty).filter(organization=OuterRef("pk"))
        vacancies += [Gap(name, duty) for name in units.exclude(Exists(held)).values_list("name", flat=True)]
    return vacancies


def write_down(*, on: dt.date) -> int:
    """Say in the log, every night, which posts are vacant; returns how many."""
    vacancies = gaps(on=on)
    for gap in vacancies:
        log.warning("a whistle would reach nobody: %s", gap)
    return len(vacancies)
