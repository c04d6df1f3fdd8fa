"""What nightly looks find: weeks out of the ordinary, spots where cases come again, reports that were missed."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from cases.models import Case, Category
from governance.models import Organization, User
from governance.roles import DUTIES, Duty, Role
from grid.models import Grid, GridDuty


class Looked(models.Model):
    """How far a nightly look has come; locked by whoever looks."""

    class What(models.TextChoices):
        WARNINGS = "warnings", "突增提示"
        REPEATS = "repeats", "重复点位"
        MISSED = "missed", "疑似漏报"
        RECOUNTS = "recounts", "抽查复算"

    what = models.CharField("排查", max_length=10, choices=What, unique=True)
    until = models.DateField("查到", null=True)
    at = models.DateTimeField("时间", null=True)


def _within(path: str, places: list[Organization]) -> Q:
    """Rows of some territories and of whatever lies below them; of none nothing."""
    found = Q(pk=None)
    for place in places:
        found |= Q(**{f"{path}__path__startswith": place.path})
    return found


class PlaceWarningQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PlaceWarningQuerySet":
        """Those of the own territories; deny by default."""
        return self.filter(_within("place", user.authority.territories))

    def below(self, path: str) -> "PlaceWarningQuerySet":
        """Those of a territory, by its path, and of its parts."""
        return self.filter(place__path__startswith=path)

    def current(self, since: dt.date) -> "PlaceWarningQuerySet":
        """Found for a week that ended after a day, and not dismissed by anybody."""
        return self.filter(day__gt=since, dismissed_at=None)

    def with_past(self) -> "PlaceWarningQuerySet":
        """Annotate how many earlier warnings alike there were, and how many of them came true.

        Alike are those of the same category at places of the same level in the same district.
        """
        alike = PlaceWarning.objects.filter(
            **{name: OuterRef(name) for name in ("district", "level", "category")},
            came_true__isnull=False,
            day__lt=OuterRef("day"),
        ).order_by()

        def number(rows: models.QuerySet) -> Subquery:
            return Subquery(rows.values("district").annotate(n=Count("pk")).values("n"))

        return self.annotate(past=number(alike), past_true=number(alike.filter(came_true=True)))


class PlaceWarning(models.Model):
    """A category of which a place reported far more in a week than is usual there; written once, with its numbers.

    A week is seven whole days up to ``day``; the weeks that it was compared with stand in ``weeks``, so that anybody
    can work out the rest by hand (``appraisal.warnings``).
    """

    class Basis(models.TextChoices):
        YEAR = "year", "往年同期"
        MONTHS = "months", "前几个月同期"

    place = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="地方")
    level = models.SmallIntegerField("层级")
    district = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_index=False, verbose_name="区"
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    day = models.DateField("七天的末日")
    observed = models.PositiveIntegerField("件数")
    weeks = ArrayField(models.PositiveIntegerField(), verbose_name="可比各周的件数")
    basis = models.CharField("对比", max_length=10, choices=Basis)
    expected = models.FloatField("通常件数")
    spread = models.FloatField("离差")
    found_at = models.DateTimeField("发现")
    # Of the seven days after it, written when they are over.
    followed = models.PositiveIntegerField("随后一周", null=True)
    came_true = models.BooleanField("随后仍偏高", null=True)
    # What a person thought of it.
    dismissed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="不再提示"
    )
    dismissed_at = models.DateTimeField("不再提示时间", null=True)
    dismissal = models.CharField("理由", max_length=200, blank=True)

    objects = PlaceWarningQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "突增提示"
        constraints = [
            models.UniqueConstraint(fields=["place", "category", "day"], name="place_warning_once"),
            models.CheckConstraint(
                condition=Q(followed=None, came_true=None)
                | Q(followed__isnull=False, came_true__isnull=False),
                name="place_warning_has_one_outcome",
            ),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None, dismissal="")
                | Q(dismissed_at__isnull=False, dismissed_by__isnull=False) & ~Q(dismissal=""),
                name="place_warning_dismissed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="place_warning_day"),
            models.Index(fields=["district", "level", "category", "day"], name="place_warning_alike"),
        ]

    @property
    def first_day(self) -> dt.date:
        return self.day - dt.timedelta(days=6)

    @property
    def usual_until(self) -> float:
        """More than this is above the usual range: the median and one spread."""
        return self.expected + self.spread


class RepeatPlaceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RepeatPlaceQuerySet":
        """Those of the own territories; deny by default."""
        return self.filter(_within("territory", user.authority.territories))

    def below(self, path: str) -> "RepeatPlaceQuerySet":
        """Those of a territory, by its path."""
        return self.filter(territory__path__startswith=path)


class RepeatPlace(models.Model):
    """A spot where cases of a category came again and again (``appraisal.repeats``); grows with each of them."""

    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    # Where the first of them lies, in degrees, WGS-84.
    longitude = models.FloatField("经度")
    latitude = models.FloatField("纬度")
    # The narrowest that it lies in: the community, where there is one.
    territory = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="区域")
    cases = ArrayField(models.BigIntegerField(), verbose_name="案件")
    first_at = models.DateTimeField("首次")
    last_at = models.DateTimeField("最近")

    objects = RepeatPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "重复点位"
        indexes = [
            GinIndex(fields=["cases"], name="repeat_place_cases"),
            models.Index(fields=["-last_at"], name="repeat_place_last"),
        ]


class Repeat(models.Model):
    """A case that was one time too many at its spot when it was reported: a fact of the case, appended once."""

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="+")
    place = models.ForeignKey(RepeatPlace, models.PROTECT, related_name="repeats", verbose_name="重复点位")
    times = models.PositiveIntegerField("第几次")
    found_at = models.DateTimeField("发现")


#: Who looks at what a grid may have missed: those who command, lead, lead the party or audit, and who walk the streets.
_SEES_MISSED = {Duty.CHIEF, Duty.LEAD, Duty.BLOW}


class MissedReportQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "MissedReportQuerySet":
        """All of the own territories for who may judge or oversee; for a grid worker what was confirmed of the own grids."""
        posts = user.authority.posts
        seen = _within("community", [post.organization for post in posts if oversees_missed(Role(post.role))])
        if any(post.role == Role.GRID_WORKER for post in posts):
            own = GridDuty.objects.current(timezone.localdate()).filter(user=user, duty=GridDuty.Duty.WORKER)
            seen |= Q(grid__in=own.values("grid"), decision__verdict=MissedDecision.Verdict.CONFIRMED)
        return self.filter(seen)

    def below(self, path: str) -> "MissedReportQuerySet":
        """Those of a territory, by its path."""
        return self.filter(community__path__startswith=path)


def oversees_missed(role: Role) -> bool:
    """Whether a post sees what the grids of its territory may have missed, decided or not."""
    return role in (Role.SUPERVISOR, Role.AUDITOR) or bool(DUTIES[role] & _SEES_MISSED)


class MissedReport(models.Model):
    """What somebody else reported in a grid on a day on which its worker was there: perhaps missed. Appended once."""

    class Finder(models.TextChoices):
        RESIDENT = "resident", "居民"
        INSPECTOR = "inspector", "巡查、监督人员"

    case = models.OneToOneField(Case, models.PROTECT, related_name="+", verbose_name="案件")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格")
    community = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="社区")
    day = models.DateField("日期")
    finder = models.CharField("发现人", max_length=10, choices=Finder)
    # What the grid's workers did there that day, as ids of events: that somebody was there.
    events = ArrayField(models.BigIntegerField(), verbose_name="当天在网格内的办理")
    was_patrolled = models.BooleanField("网格员当天巡查过本网格", default=False)
    workers = ArrayField(models.BigIntegerField(), verbose_name="当天的网格员")
    found_at = models.DateTimeField("发现时间")

    objects = MissedReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "疑似漏报"
        indexes = [models.Index(fields=["community", "day"], name="missed_report_of_community")]


class MissedDecision(models.Model):
    """What a person found about a perhaps missed report: once, with the reason, never changed."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "确认漏报"
        REJECTED = "rejected", "不是漏报"

    report = models.OneToOneField(MissedReport, models.PROTECT, related_name="decision")
    case = models.OneToOneField(Case, models.PROTECT, related_name="+")
    verdict = models.CharField("认定", max_length=10, choices=Verdict)
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False, verbose_name="认定人")
    at = models.DateTimeField("认定时间")

    class Meta:
        verbose_name = verbose_name_plural = "漏报认定"
