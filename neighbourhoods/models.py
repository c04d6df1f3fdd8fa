"""Neighbourhoods 楼组: a building, a courtyard or a residents' group, who leads it, and the small tasks that it is given."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils import timezone

from governance.models import Organization, Post, User
from governance.roles import NEIGHBOUR_ROLES, Role
from grid.models import Grid
from grid.tiles import metres_between

#: Metres from the middle that still belong to a neighbourhood (ours: a stairwell, and a large compound).
LEAST_RADIUS, MOST_RADIUS = 20, 300
#: A small task is said in so many characters.
MOST_CHARACTERS = 200
#: Who gives small tasks, in the community of the post.
GIVING_ROLES = frozenset({Role.CLERK, Role.COMMUNITY_WORKER})


class NeighbourhoodQuerySet(models.QuerySet):
    def active(self, on: dt.date) -> "NeighbourhoodQuerySet":
        return self.filter(active_from__lte=on).filter(Q(active_until=None) | Q(active_until__gt=on))

    def led_by(self, user: User, on: dt.date) -> "NeighbourhoodQuerySet":
        """Those that somebody leads on a day."""
        leading = NeighbourhoodLeader.objects.current(on).filter(user=user)
        return self.active(on).filter(pk__in=leading.values("neighbourhood"))

    def led(self, on: dt.date) -> "NeighbourhoodQuerySet":
        """Those that somebody with a post for it leads on a day: who is there to be asked."""
        posts = Post.objects.current(on).filter(role__in=NEIGHBOUR_ROLES)
        leading = NeighbourhoodLeader.objects.current(on).filter(user__in=posts.values("user"))
        return self.active(on).filter(pk__in=leading.values("neighbourhood"))


class Neighbourhood(models.Model):
    """Where neighbours settle small things among themselves: a place on the map with a radius, in one grid.

    Buildings of the registry will take the place of position and radius.
    """

    class Kind(models.TextChoices):
        BUILDING = "building", "楼栋"
        COURTYARD = "courtyard", "庭院"
        GROUP = "group", "居民小组"

    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=20, choices=Kind)
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="neighbourhoods", verbose_name="网格")
    longitude = models.FloatField("经度", help_text="中心位置，WGS-84")
    latitude = models.FloatField("纬度")
    radius = models.PositiveSmallIntegerField(
        "范围（米）",
        default=80,
        validators=[MinValueValidator(LEAST_RADIUS), MaxValueValidator(MOST_RADIUS)],
        help_text=f"{LEAST_RADIUS} 至 {MOST_RADIUS} 米",
    )
    active_from = models.DateField("生效", default=dt.date(2016, 1, 1))
    active_until = models.DateField("终止", null=True, blank=True)

    objects = NeighbourhoodQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "楼组"
        ordering = ["grid__code", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name"],
                condition=Q(active_until=None),
                name="neighbourhood_named_once",
                violation_error_message="这个网格已有同名的楼组。",
                violation_error_code="name",
            ),
            models.CheckConstraint(
                condition=Q(longitude__range=(-180, 180), latitude__range=(-85, 85)),
                name="neighbourhood_on_earth",
                violation_error_message="位置超出范围。",
                violation_error_code="longitude",
            ),
            models.CheckConstraint(
                condition=Q(radius__range=(LEAST_RADIUS, MOST_RADIUS)),
                name="neighbourhood_radius_in_bounds",
                violation_error_message=f"范围为 {LEAST_RADIUS} 至 {MOST_RADIUS} 米。",
                violation_error_code="radius",
            ),
            models.CheckConstraint(
                condition=Q(active_until=None) | Q(active_until__gt=F("active_from")),
                name="neighbourhood_dates_in_order",
                violation_error_message="终止日期须晚于生效日期。",
                violation_error_code="active_until",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def metres_to(self, longitude: float, latitude: float) -> float:
        """How far a position (degrees, WGS-84) lies from the middle."""
        return metres_between((self.longitude, self.latitude), (longitude, latitude))

    def reaches(self, longitude: float, latitude: float) -> bool:
        """Whether a position (degrees, WGS-84) lies within the radius."""
        return self.metres_to(longitude, latitude) <= self.radius

    def clean(self) -> None:
        if self.grid_id is None or self.longitude is None or self.latitude is None:
            return
        on_earth = abs(self.longitude) <= 180 and abs(self.latitude) <= 85
        if on_earth and not Grid.objects.containing(self.longitude, self.latitude).contains(self.grid):
            raise ValidationError({"longitude": "这个位置不在所选网格内。"})


class NeighbourhoodLeaderQuerySet(models.QuerySet):
    def current(self, on: dt.date) -> "NeighbourhoodLeaderQuerySet":
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gt=on))


class NeighbourhoodLeader(models.Model):
    """User × neighbourhood, dated: a building's or courtyard's leader, or a volunteer who leads a residents' group."""

    neighbourhood = models.ForeignKey(
        Neighbourhood, models.PROTECT, related_name="leaders", verbose_name="楼组"
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="led", verbose_name="负责人")
    starts_on = models.DateField("起", default=dt.date(2016, 1, 1))
    ends_on = models.DateField("止", null=True, blank=True)

    objects = NeighbourhoodLeaderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "楼组负责人"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "neighbourhood"],
                condition=Q(ends_on=None),
                name="neighbourhood_led_once",
                violation_error_message="这个人已是这个楼组的负责人。",
                violation_error_code="user",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="neighbourhood_leader_dates_in_order",
                violation_error_message="止期须晚于起期。",
                violation_error_code="ends_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.neighbourhood} {self.user}"

    def clean(self) -> None:
        """Who leads holds a post for it in the community; one that ends may end whatever the posts of today are."""
        if self.user_id is None or self.neighbourhood_id is None or self.ends_on is not None:
            return
        posts = Post.objects.current(timezone.localdate()).filter(user=self.user, role__in=NEIGHBOUR_ROLES)
        community = self.neighbourhood.grid.community
        if not posts.filter(organization__path__startswith=community.path).exists():
            raise ValidationError({"user": f"负责人须是{community}的楼栋长、庭院长或志愿者。"})


def led_by(user: User, on: dt.date) -> list[Neighbourhood]:
    """Neighbourhoods that somebody leads on a day, with grid and community; who holds no post for it is not looked up."""
    if not any(post.role in NEIGHBOUR_ROLES for post in user.authority.posts):
        return []
    return list(Neighbourhood.objects.led_by(user, on).select_related("grid__community"))


def with_leaders(rows: NeighbourhoodQuerySet, on: dt.date) -> NeighbourhoodQuerySet:
    """Neighbourhoods with who leads them on a day, as ``leading``."""
    leading = NeighbourhoodLeader.objects.current(on).select_related("user").order_by("pk")
    return rows.prefetch_related(Prefetch("leaders", leading, to_attr="leading"))


# Small tasks ------------------------------------------------------------------------------------------------------


def gives_in(user: User) -> list[Organization]:
    """Communities in which somebody gives small tasks."""
    return [post.organization for post in user.authority.posts if post.role in GIVING_ROLES]


class SmallTaskQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "SmallTaskQuerySet":
        """Those of communities in which somebody gives them; leaders see what they are asked (``AskedNeighbourhood``)."""
        return self.filter(community__in=[one.pk for one in gives_in(user)])

    def late(self, on: dt.date) -> "SmallTaskQuerySet":
        """Those that a neighbourhood has not answered although the day has passed."""
        return self.filter(pk__in=AskedNeighbourhood.objects.late(on).values("task"))


class SmallTask(models.Model):
    """Something small that a community asks of neighbourhoods until a day; its ``uuid`` is the key it was given under.

    It has no hours, no points and no ranking. Never changed.
    """

    uuid = models.UUIDField(unique=True)
    community = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="社区")
    words = models.CharField("要做的事", max_length=MOST_CHARACTERS)
    due_on = models.DateField("截止日期")
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="布置人")
    given_at = models.DateTimeField("布置时间")

    objects = SmallTaskQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "小任务"
        indexes = [models.Index(fields=["community", "-id"], name="small_task_of_community")]

    def __str__(self) -> str:
        return self.words


class AskedQuerySet(models.QuerySet):
    def visible_to(self, user: User, on: dt.date) -> "AskedQuerySet":
        """Those of the neighbourhoods that somebody leads on a day."""
        return self.filter(neighbourhood__in=[one.pk for one in led_by(user, on)])

    def unanswered(self) -> "AskedQuerySet":
        return self.filter(answer="")

    def late(self, on: dt.date) -> "AskedQuerySet":
        """Without an answer although the day has passed."""
        return self.unanswered().filter(task__due_on__lt=on)


class AskedNeighbourhood(models.Model):
    """A small task of one neighbourhood, and the one answer that its leader gives."""

    class Answer(models.TextChoices):
        DONE = "done", "已办"
        CANNOT = "cannot", "办不了"

    task = models.ForeignKey(SmallTask, models.PROTECT, related_name="asked", verbose_name="小任务")
    neighbourhood = models.ForeignKey(
        Neighbourhood, models.PROTECT, related_name="asked", verbose_name="楼组"
    )
    answer = models.CharField("回复", max_length=10, choices=Answer, blank=True)
    words = models.CharField("说明", max_length=MOST_CHARACTERS, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="回复人")
    answered_at = models.DateTimeField("回复时间", null=True)

    objects = AskedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "小任务的楼组"
        constraints = [
            models.UniqueConstraint("task", "neighbourhood", name="small_task_once_a_neighbourhood"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | Q(~Q(answer=""), ~Q(words=""), answered_by__isnull=False, answered_at__isnull=False),
                name="small_task_answer_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["neighbourhood"], condition=Q(answer=""), name="small_task_unanswered")
        ]

    def is_late(self, on: dt.date) -> bool:
        return not self.answer and self.task.due_on < on

    def came_late(self) -> bool:
        """Whether the answer came after the day."""
        return self.answered_at is not None and timezone.localdate(self.answered_at) > self.task.due_on
