"""The whistle: one flat row that lists and counts read alone."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import Case, Category
from cases.workflow import Lateness
from governance.models import By, Organization, User, actor_of
from governance.profile import Level
from partybuilding.workflow import RUNNING, Demand, Source, State
from records.models import Record

#: Territories of the row, by the level that looks at all of them.
TERRITORIES = {Level.DISTRICT: "district", Level.STREET: "street", Level.COMMUNITY: "community"}


def number_of(pk: int, begun: dt.datetime) -> str:
    """The number of a whistle that began, by being asked for or blown, at a time."""
    return f"S{timezone.localtime(begun):%y%m%d}-{pk:05d}"


class WhistleQuerySet(models.QuerySet):
    def visible_to(self, by: By) -> "WhistleQuerySet":
        """The one scope of whistles: own ones, those of the own unit, those under the own territory; deny by default."""
        actor = actor_of(by)
        user = actor.user
        if user is None:
            return self.all() if actor.is_system else self.none()
        if not user.authority.posts:
            return self.none()
        seen = Q(people__contains=[user.pk])
        for level, column in TERRITORIES.items():
            ids = [place.pk for place in user.authority.territories if place.level == level]
            if ids:
                seen |= Q(**{f"{column}__in": ids})
        if user.authority.unit_ids:
            seen |= Q(units__overlap=user.authority.unit_ids)
        return self.filter(seen)

    def open(self) -> "WhistleQuerySet":
        """Whistles on which somebody still has to do something about the matter."""
        return self.filter(state__in=[State.ASKED, *RUNNING, State.SETTLED])

    def to_try(self, now: dt.datetime) -> "WhistleQuerySet":
        """Without those that stand back because a try failed: the same ones must not be the first of every run."""
        return self.filter(Q(retry_at=None) | Q(retry_at__lte=now))

    def by_due_date(self) -> "WhistleQuerySet":
        return self.order_by(models.F("due_at").asc(nulls_last=True), "pk")


class Whistle(Record):
    """A call of a street (a community through it, a district) for departments to come to a case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="whistles", verbose_name="案件")
    kind = models.SlugField("哨种代码", max_length=30)
    label = models.CharField("哨种", max_length=20)
    # The row of the rules under which it was blown, frozen (``WhistleRule.snapshot``).
    rule = models.JSONField("规则快照")
    source = models.CharField("吹哨情形", max_length=20, choices=Source)
    source_note = models.CharField("来源编号", max_length=60, blank=True)
    demands = ArrayField(models.CharField(max_length=20, choices=Demand), verbose_name="需要什么")
    state = models.CharField("状态", max_length=20, choices=State)

    # Where: of the case, when it was blown.
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    address = models.CharField("位置描述", max_length=120, blank=True)
    longitude = models.FloatField("经度")
    latitude = models.FloatField("纬度")
    district = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_index=False, verbose_name="区"
    )
    street = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="街道"
    )
    community = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="社区"
    )

    #: Whose whistle it is: the territory whose posts blow and score.
    side = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="吹哨方")
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="提出人")
    asked_at = models.DateTimeField("提出", null=True)
    blown_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="吹哨人")
    blown_at = models.DateTimeField("吹哨", null=True)
    settled_at = models.DateTimeField("处置完毕", null=True)
    closed_at = models.DateTimeField("结案", null=True)
    # Scores are not waited for longer than this.
    lapses_at = models.DateTimeField("互评截止", null=True)
    # What time should have done to it failed: it is tried again then.
    retry_at = models.DateTimeField("重试", null=True)

    # For lists, written after each move: units called at any time, people with a part, the clock that is next to break.
    units = ArrayField(models.BigIntegerField(), default=list, verbose_name="被召单位")
    people = ArrayField(models.BigIntegerField(), default=list, verbose_name="参与人")
    due_at = models.DateTimeField("最近截止", null=True)
    lateness = models.CharField("时限", max_length=10, choices=Lateness, default=Lateness.NONE)

    objects = WhistleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "哨单"
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=[State.ASKED, State.BLOWN, State.ON_SITE, State.SETTLED]),
                name="one_whistle_runs_on_a_case",
            ),
        ]
        indexes = [
            models.Index(fields=["district", "state", "due_at"], name="whistle_of_district"),
            models.Index(fields=["street", "state", "due_at"], name="whistle_of_street"),
            models.Index(fields=["community", "state", "due_at"], name="whistle_of_community"),
            models.Index(fields=["category", "street", "-blown_at"], name="whistle_precedents"),
            models.Index(fields=["lapses_at"], condition=Q(state="closed"), name="whistle_lapses"),
            GinIndex(fields=["units"], name="whistle_units"),
            GinIndex(fields=["people"], name="whistle_people"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"

    @property
    def number(self) -> str:
        """The number people read out: S for 哨, the day and the running number."""
        begun = self.asked_at or self.blown_at  # being blown later does not change it
        assert begun is not None
        return number_of(self.pk, begun)

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING
