"""People, the posts they hold and the looks they take at personal data."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone

from governance.models.organizations import Organization
from governance.roles import ADMINISTRATORS, DUTIES, TERRITORY_ROLES, UNIT_ROLES, Duty, Role


class PostQuerySet(models.QuerySet):
    def current(self, on: dt.date) -> "PostQuerySet":
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gt=on))

    def on_duty(self, on: dt.date) -> "PostQuerySet":
        """Current posts of people who can sign in: the one definition of who is on duty."""
        return self.current(on).filter(user__is_active=True)

    def with_duty(self, *wanted: Duty) -> "PostQuerySet":
        """Posts that carry one of some duties."""
        return self.filter(role__in=[role for role, duties in DUTIES.items() if duties & set(wanted)])


@dataclass(frozen=True)
class Authority:
    """What a person's posts of today allow; derived at every request and kept no longer than it."""

    posts: tuple["Post", ...]

    @cached_property
    def key(self) -> tuple[tuple, ...]:
        """Everything that scope and duties are derived from: equal keys see and may do the same."""
        return tuple(
            (p.role, p.organization_id, p.organization.path, p.organization.level, p.organization.function)
            for p in self.posts
        )

    def holds(self, duty: Duty, organization_id: int | None) -> bool:
        """Whether a post with this duty is held at exactly this organization."""
        return any(p.organization_id == organization_id and duty in DUTIES[Role(p.role)] for p in self.posts)

    def has(self, duty: Duty) -> bool:
        return any(duty in DUTIES[Role(p.role)] for p in self.posts)

    def places(self, duty: Duty) -> list[int]:
        """Organizations at which this duty is held."""
        return [p.organization_id for p in self.posts if duty in DUTIES[Role(p.role)]]

    @cached_property
    def territories(self) -> list[Organization]:
        """Territories whose every case is seen."""
        return [
            p.organization for p in self.posts if p.role in TERRITORY_ROLES and not p.organization.function
        ]

    @cached_property
    def unit_ids(self) -> list[int]:
        """Units whose cases are seen."""
        return [p.organization_id for p in self.posts if p.role in UNIT_ROLES]

    def sees(self, organization: Organization) -> bool:
        """Whether an organization lies under an own territory, or is the own unit."""
        return organization.pk in self.unit_ids or any(
            organization.path.startswith(place.path) for place in self.territories
        )

    @property
    def covers_grids(self) -> bool:
        """Whether the person may be on duty for grids beyond the territory of the post."""
        return any(p.role == Role.INSPECTOR for p in self.posts)


class User(AbstractUser):
    """A member of staff or a volunteer who signs in; what they may do comes from their posts alone."""

    first_name = None
    last_name = None
    name = models.CharField("姓名", max_length=40)

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "人员"

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @cached_property
    def authority(self) -> Authority:
        """Authority from the posts of today (one query; lives as long as this object, i.e. one request)."""
        return Authority(tuple(_posts_of(self.pk, timezone.localdate())))


# Runs at every request: the SQL text is built once, with placeholder values that are replaced by the real ones.
_SOMEBODY, _SOME_DAY = 0, dt.date.min


@cache
def _posts_text() -> tuple[str, tuple]:
    return (
        Post.objects.filter(user_id=_SOMEBODY)
        .current(_SOME_DAY)
        .select_related("organization")
        .query.sql_with_params()
    )


def _posts_of(user_id: int, on: dt.date) -> Iterator["Post"]:
    """Posts that somebody holds on a day, with their organizations."""
    sql, parameters = _posts_text()
    real = {_SOMEBODY: user_id, _SOME_DAY: on}
    posts, organizations = (
        [field.attname for field in m._meta.concrete_fields] for m in (Post, Organization)
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [real[one] for one in parameters])
        for row in cursor.fetchall():
            post = Post.from_db(connection.alias, posts, row[: len(posts)])
            post.organization = Organization.from_db(connection.alias, organizations, row[len(posts) :])
            yield post


class Post(models.Model):
    """User × organization × role, dated; a person may hold several, and a post may be acting."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts", verbose_name="人员")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="posts", verbose_name="组织")
    role = models.CharField("岗位", max_length=30, choices=Role)
    is_acting = models.BooleanField("代理", default=False)
    starts_on = models.DateField("任职", default=dt.date(2016, 1, 1))
    ends_on = models.DateField("离任", null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位任职"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"],
                condition=Q(ends_on=None),
                name="post_held_once",
                violation_error_message="这个人在这里已任这个岗位。",
                violation_error_code="role",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="post_dates_in_order",
                violation_error_message="离任日期须晚于任职日期。",
                violation_error_code="ends_on",
            ),
        ]
        indexes = [models.Index(fields=["organization", "role"], name="post_by_place")]

    def __str__(self) -> str:
        acting = "代理" if self.is_acting else ""
        return f"{self.organization} · {acting}{self.get_role_display()}"

    def clean(self) -> None:
        """Three separate administrators 三员分立: who is one of them is nothing else."""
        if self.pk is not None or self.user_id is None or not self.role:
            return
        held = set(self.user.posts.current(timezone.localdate()).values_list("role", flat=True)) - {self.role}
        if held and (self.role in ADMINISTRATORS or held & ADMINISTRATORS):
            raise ValidationError(
                {"role": "审计、系统管理、安全管理三员分立，不得兼任，也不得兼任其他岗位。"}
            )


class AccessLog(models.Model):
    """A look at personal data: who, what, why, when."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="查看人")
    subject = models.CharField("对象", max_length=80)
    reason = models.CharField("事由", max_length=200)
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "个人信息查看记录"
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], name="look_at")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.user} 查看 {self.subject}"
