"""The case: one flat row that lists, maps and counts read alone."""

import datetime as dt
import re
import unicodedata
import uuid
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models.catalogue import Category, Responsibility
from cases.waiting import Matter, Wait, read_all, waiting_for
from cases.workflow import OPEN, ROUGH, STATES, Grade, Lateness, Loop, PositionSource, State, Tone, loops_here
from governance.models import Actor, By, Organization, User, actor_of
from governance.roles import ActorKind
from grid.models import Grid, GridDuty
from grid.tiles import tiles_around
from records.models import Record

#: A printed number: six figures of the day, and the running number with at least six.
NUMBER = re.compile(r"([0-9]{6})-(0[0-9]{5}|[1-9][0-9]{5,17})")


def plain_number(text: str) -> str:
    """A number as it is printed, of one that was typed with full-width figures or another dash."""
    return re.sub("[‐‑‒–—―−]", "-", unicodedata.normalize("NFKC", text)).strip()


def _day(text: str) -> dt.date | None:
    """``261118`` as a day of this century."""
    try:
        return dt.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def page_of(case: uuid.UUID | str) -> str:
    """Where people look at a case, by its uuid; an address for good, since notices and programs keep it."""
    return f"/cases/{case}/"


#: Whatever scope and the filters of map and board ask for: with these in an index, counting never touches the table.
SCOPE = ("loop", "category", "district", "street", "community", "grid", "people", "units")


class CaseQuerySet(models.QuerySet):
    def visible_to(self, by: By) -> "CaseQuerySet":
        """The one scope of cases: own territory, own units, own grids, own part in it; deny by default.

        Who has no post sees what he or it reported; the system sees all.
        """
        actor = actor_of(by)
        user = actor.user
        if user is None:
            return self.all() if actor.is_system else self._reported_without_post(actor)
        if not user.authority.posts:
            return self.none()  # who holds no post any more keeps no part in cases either
        # The cheapest condition comes first: OR stops at the first true one, and arrays are expensive to search.
        seen = Q()
        territories = user.authority.territories
        for loop in reversed(Loop):
            ids = [place.pk for place in territories if place.level == loop.level]
            if ids:
                seen |= Q(**{f"{loop.column}__in": ids})
        if user.authority.unit_ids:
            seen |= Q(units__overlap=user.authority.unit_ids)
        if user.authority.covers_grids:
            grids = GridDuty.objects.current(timezone.localdate()).filter(user=user)
            seen |= Q(grid__in=grids.values("grid"))
        return self.filter(seen | Q(people__contains=[user.pk]))

    def _reported_without_post(self, actor: Actor) -> "CaseQuerySet":
        """Of a resident, where the contact is now: a merge takes it along."""
        if actor.kind == ActorKind.CONTACT:
            return self.filter(contacts__uuid=actor.contact)
        return self.filter(events__sequence=1, events__program=actor.program)

    def open(self) -> "CaseQuerySet":
        return self.filter(is_open=True)

    def in_states(self, states: Iterable[str]) -> "CaseQuerySet":
        """Cases in one of some states; where all of them are open it says so, since the indexes know only that."""
        wanted = list(states)
        found = self.filter(state__in=wanted)
        return found.open() if all(state in OPEN for state in wanted) else found

    def near(self, longitude: float, latitude: float, metres: float) -> "CaseQuerySet":
        """In the square around a position (degrees, WGS-84) that reaches this many metres to each side."""
        columns, rows = tiles_around(longitude, latitude, metres)
        return self.filter(
            tile_x__gte=columns[0], tile_x__lte=columns[-1], tile_y__gte=rows[0], tile_y__lte=rows[-1]
        )

    def waiting_for(self, by: By, *matters: Matter) -> "CaseQuerySet":
        """Open cases that wait for a member of staff, in one of some matters; none waits for anybody else."""
        user = actor_of(by).user
        if user is None:
            return self.none()
        return self.open().filter(waiting_for(user, *matters))

    def reported_by(self, user: User) -> "CaseQuerySet":
        """Own reports: a part of what is visible to a person, and asked for without the rest of it."""
        if not user.authority.posts:
            return self.none()
        # People are indexed, reporters are not; a reporter is always one of the people.
        return self.filter(people__contains=[user.pk], reporters__contains=[user.pk])

    def by_due_date(self) -> "CaseQuerySet":
        return self.order_by("due_at", "pk")

    def numbered(self, text: str) -> "CaseQuerySet":
        """The case whose printed number this is: day of report and running number, both true."""
        found = NUMBER.fullmatch(plain_number(text))
        day = found and _day(found[1])
        if not found or day is None:
            return self.none()
        begins = dt.datetime.combine(day, dt.time(), timezone.get_default_timezone())
        of_that_day = self.filter(reported_at__gte=begins, reported_at__lt=begins + dt.timedelta(days=1))
        return of_that_day.filter(pk=int(found[2]))


class Case(Record):
    """Whatever somebody must settle; written through ``cases.actions`` alone."""

    class Source(models.TextChoices):
        FIELD = "field", "网格上报"
        PATROL = "patrol", "巡查上报"
        SELF = "self", "自处理"
        NEIGHBOURS = "neighbours", "楼栋自办"
        PHONE = "phone", "来电登记"
        RESIDENT = "resident", "居民上报"
        API = "api", "系统对接"

    #: Settled on the spot by who reported it: counted apart, so that no rate is inflated.
    ON_THE_SPOT = (Source.SELF, Source.NEIGHBOURS)

    class Datum(models.TextChoices):
        WGS84 = "wgs84", "WGS-84"

    source = models.CharField("来源", max_length=20, choices=Source)
    # By a telephone report, or handed over by a case that was merged into this one.
    is_from_resident = models.BooleanField("有来电人", default=False)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name="类别")
    responsibility = models.ForeignKey(
        Responsibility, models.PROTECT, null=True, blank=True, verbose_name="适用权责"
    )
    routing_reason = models.CharField("分派依据", max_length=300)

    longitude = models.FloatField("经度")
    latitude = models.FloatField("纬度")
    # Who said so, where the phone told; pages of the release before write nothing.
    position_source = models.CharField(
        "位置来源", max_length=10, choices=PositionSource, blank=True, default="", db_default=""
    )
    datum = models.CharField("坐标系", max_length=10, choices=Datum, default=Datum.WGS84)
    tile_x = models.IntegerField(editable=False)
    tile_y = models.IntegerField(editable=False)
    address = models.CharField("位置描述", max_length=120, blank=True)
    # Of the day it was reported: a merged community keeps its old cases.
    grid = models.ForeignKey(Grid, models.PROTECT, null=True, verbose_name="网格")
    community = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name="社区"
    )
    street = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+", verbose_name="街道")
    district = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="区")

    loop = models.CharField("闭环", max_length=20, choices=loops_here)
    centre = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="指挥中心")
    state = models.CharField("状态", max_length=20, choices=State)
    is_open = models.GeneratedField(
        expression=Q(state__in=[state.value for state in OPEN]),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    due_at = models.DateTimeField("截止", null=True)
    lateness = models.CharField("时限", max_length=10, choices=Lateness, default=Lateness.NONE)
    was_late = models.BooleanField("曾超期", default=False)

    unit = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="处置单位"
    )
    # Who had a part in it: arrays on the row, so that scope and separation of duties need no join.
    reporters = ArrayField(models.BigIntegerField(), default=list, verbose_name="上报人")
    handlers = ArrayField(models.BigIntegerField(), default=list, verbose_name="处置人")
    people = ArrayField(models.BigIntegerField(), default=list, verbose_name="参与人")
    units = ArrayField(models.BigIntegerField(), default=list, verbose_name="参与单位")

    # Whom it waits for while it is open (``cases.waiting``), written after each move.
    waits_for = ArrayField(models.CharField(max_length=30), default=list, verbose_name="等谁办")

    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_cases")
    # Since the case was last opened: after a reopening the count begins anew, the legs keep all of them.
    refusals = models.PositiveSmallIntegerField("回退次数", default=0)
    rounds = models.PositiveSmallIntegerField("处置轮次", default=0)
    extensions = models.PositiveSmallIntegerField("延期次数", default=0)
    was_suspended = models.BooleanField("曾挂账", default=False)
    was_delegated = models.BooleanField("曾下沉", default=False)
    escalated_by_time = models.BooleanField("超时上报过", default=False, db_column="climbed_by_time")
    urged_on = models.DateField("最近催办", null=True)
    grade = models.CharField("评价", max_length=20, choices=Grade, blank=True)

    reported_at = models.DateTimeField("上报")
    device_time = models.DateTimeField("手机时间", null=True, help_text="只是手机的说法，时限不看它")
    closed_at = models.DateTimeField("结案", null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "案件"
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(is_open=True), name="case_open_due"),
            models.Index(fields=["centre", "state", "due_at"], condition=Q(is_open=True), name="case_queue"),
            models.Index(fields=["unit", "due_at"], condition=Q(is_open=True), name="case_unit_due"),
            models.Index(
                fields=["centre", "due_at"],
                condition=Q(state="closed", is_from_resident=True),
                name="case_call_back",
            ),
            models.Index(
                fields=["tile_x", "tile_y"],
                include=["id", "state", "lateness", *SCOPE],
                condition=Q(is_open=True),
                name="case_open_map",
            ),
            models.Index(
                # In the order in which the first pane counts: groups come one after the other, without a hash.
                fields=["state", "lateness"],
                include=["id", *SCOPE],
                condition=Q(is_open=True),
                name="case_open_counts",
            ),
            models.Index(fields=["district", "-id"], name="case_of_district"),
            models.Index(fields=["street", "-id"], name="case_of_street"),
            models.Index(fields=["community", "-id"], name="case_of_community"),
            models.Index(fields=["grid", "-id"], name="case_of_grid"),
            models.Index(
                fields=["district", "closed_at"],
                include=["was_late", "source", *(column for column in SCOPE if column != "district")],
                condition=Q(closed_at__isnull=False),
                name="case_closed",
            ),
            models.Index(
                fields=["-closed_at", "-id"], condition=Q(closed_at__isnull=False), name="case_closed_last"
            ),
            models.Index(fields=["district", "reported_at"], include=["street"], name="case_reported"),
            models.Index(fields=["unit", "reported_at"], name="case_of_unit"),
            GinIndex(fields=["waits_for"], condition=Q(is_open=True), name="case_waits_for"),
            GinIndex(fields=["people"], name="case_people"),
            GinIndex(fields=["units"], name="case_units"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(is_open=True) | Q(due_at__isnull=False), name="open_case_has_a_clock"
            ),
            models.CheckConstraint(
                condition=Q(longitude__range=(-180, 180), latitude__range=(-85, 85)),
                name="case_position_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.category}"

    @property
    def is_place_rough(self) -> bool:
        """Whether it lies where a phone was last, or somewhere in a grid, until somebody corrects it."""
        return self.position_source in ROUGH

    @property
    def number(self) -> str:
        """The number people read out: day of report and running number."""
        return f"{timezone.localtime(self.reported_at):%y%m%d}-{self.pk:06d}"

    @property
    def state_name(self) -> str:
        """What ``get_state_display`` says, without its search through all choices."""
        return State(self.state).label

    @property
    def waits(self) -> list[Wait]:
        """Whom it waits for."""
        return read_all(self.waits_for)

    @property
    def tone(self) -> Tone:
        return STATES[State(self.state)].tone

    @property
    def never_handle(self) -> tuple[int, ...]:
        """People who may not handle it: its reporters, but for what was settled on the spot, which is counted apart."""
        return () if self.source in self.ON_THE_SPOT else tuple(sorted(self.reporters))

    @property
    def never_check(self) -> tuple[int, ...]:
        """People who may not check it, before it is registered or after: its reporters and handlers."""
        return tuple(sorted({*self.reporters, *self.handlers}))
