"""What a case can be about, and who has the power to settle it (权责清单)."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from cases.deadlines import Limit
from cases.workflow import Step, loops_here
from governance.models import Function

#: Every responsibility states a limit for each of these; ``rework`` is the second round of handling.
LIMITED = (
    "registering",
    "checking",
    "dispatching",
    "handling",
    "rework",
    "verifying",
    "closing",
    "evaluating",
)


#: How editions of the national standard begin, as against those of a place.
STANDARD = "GB/T"


class Category(models.Model):
    """A component 部件 or matter 事项 of an edition of the standard, or a local category beside it."""

    class Kind(models.TextChoices):
        COMPONENT = "component", "部件"
        MATTER = "matter", "事项"
        DISPUTE = "dispute", "矛盾纠纷"
        SERVICE = "service", "居民服务"
        SAFETY = "safety", "平安隐患"
        PARTY = "party", "党群事项"

    edition = models.CharField("版本", max_length=40)
    kind = models.CharField("类别", max_length=20, choices=Kind)
    code = models.CharField("代码", max_length=10)
    class_name = models.CharField("大类", max_length=40)
    name = models.CharField("名称", max_length=60)
    initials = models.CharField("拼音首字母", max_length=60, blank=True)
    source = models.CharField("来源", max_length=120, blank=True)
    everyday = models.PositiveSmallIntegerField(
        "常见程度",
        default=0,
        validators=[MaxValueValidator(3, "常见程度为 0 到 3。")],
        help_text="0 少见，3 天天有；搜索时常见的排在前面",
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "案件类别"
        ordering = ["edition", "kind", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "kind", "code"],
                name="category_code_once_an_edition",
                violation_error_message="这个版本的这一类里已有这个代码。",
                violation_error_code="code",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_local(self) -> bool:
        """Whether it stands beside the national standard: its code is none of the standard's."""
        return not self.edition.startswith(STANDARD)


class CategoryWord(models.Model):
    """An everyday word for a category: who searches by it finds the category."""

    class Origin(models.TextChoices):
        IMPORTED = "imported", "随版本导入"
        EDITED = "edited", "本地添加"
        LEARNED = "learned", "从使用中学到"

    category = models.ForeignKey(Category, models.CASCADE, related_name="words", verbose_name="类别")
    word = models.CharField("说法", max_length=20)
    origin = models.CharField("来自", max_length=10, choices=Origin, default=Origin.EDITED, editable=False)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "常用说法"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "word"],
                name="category_word_once",
                violation_error_message="这个类别已有这个说法。",
                violation_error_code="word",
            )
        ]

    def __str__(self) -> str:
        return self.word


class CategoryChoice(models.Model):
    """What somebody searched for and which category was then reported; kept until it is learned from or forgotten."""

    asked = models.CharField("搜索的话", max_length=20)
    category = models.ForeignKey(Category, models.CASCADE, verbose_name="所选类别")
    by = models.ForeignKey("governance.User", models.CASCADE, verbose_name="搜索人")
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "搜索后的选择"
        constraints = [
            models.UniqueConstraint(fields=["asked", "category", "by"], name="category_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.asked} → {self.category_id}"


def demand_limits(value: dict[str, str], labels: dict[str, str]) -> None:
    """Raise ``ValidationError`` unless each step, by name and label, has a limit that ``Limit.parse`` can read."""
    if missing := [label for step, label in labels.items() if step not in value]:
        raise ValidationError(f"缺少时限：{'、'.join(missing)}")
    for step, text in value.items():
        if step not in labels:
            raise ValidationError(f"没有名为 {step} 的环节")
        try:
            Limit.parse(text)
        except ValueError as problem:
            raise ValidationError(f"{labels[step]}：{problem}") from problem


def validate_limits(value: dict[str, str]) -> None:
    """Every step of a case has a limit."""
    demand_limits(value, {step: step for step in LIMITED})


#: The condition of a row that names no other.
USUAL = "一般"


class ResponsibilityQuerySet(models.QuerySet):
    def current(self) -> "ResponsibilityQuerySet":
        return self.filter(is_current=True)

    def giving_power(self) -> "ResponsibilityQuerySet":
        """Rows that let their loop do something about it itself."""
        return self.filter(power__in=[Responsibility.Power.SETTLE, Responsibility.Power.ASSIST])

    def to_register_under(self) -> "ResponsibilityQuerySet":
        """Current rows under which a case may be registered: those that let their loop settle it."""
        return self.current().filter(power=Responsibility.Power.SETTLE)


class Responsibility(models.Model):
    """One row of the list: category × condition × loop → lead, power, limits, conditions; versioned."""

    class Power(models.TextChoices):
        SETTLE = "settle", "处置"
        ASSIST = "assist", "协助"
        REPORT = "report", "上报"

    category = models.ForeignKey(
        Category, models.PROTECT, related_name="responsibilities", verbose_name="类别"
    )
    condition = models.CharField("情形", max_length=40, default=USUAL)
    loop = models.CharField("闭环", max_length=20, choices=loops_here)
    version = models.PositiveSmallIntegerField("版本", default=1)
    is_current = models.BooleanField("现行", default=True)
    lead = models.CharField("牵头职能", max_length=40, choices=Function)
    helpers = models.JSONField("协办职能", default=list, blank=True)
    power = models.CharField("权力", max_length=20, choices=Power)
    registering_condition = models.CharField("立案条件", max_length=200)
    closing_condition = models.CharField("结案条件", max_length=200)
    limits = models.JSONField("时限", validators=[validate_limits], help_text='例如 {"handling": "4 工作时"}')
    remote_verification = models.BooleanField("可远程核查", default=False)
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("生效")
    valid_until = models.DateField("终止", null=True, blank=True)

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "权责清单"
        ordering = ["category", "condition", "loop"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "condition", "loop", "version"],
                name="responsibility_version_once",
                violation_error_message="这个类别的这种情形在这一级闭环已有权责，请打开现行的那一条修改。",
                violation_error_code="condition",
            ),
            models.UniqueConstraint(
                fields=["category", "condition", "loop"],
                condition=Q(is_current=True),
                name="responsibility_one_current",
                violation_error_message="这个类别的这种情形在这一级闭环已有权责，请打开现行的那一条修改。",
                violation_error_code="condition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category.code} {self.category.name}·{self.condition}·{self.get_loop_display()} v{self.version}"

    @property
    def may_be_registered_under(self) -> bool:
        """What ``to_register_under`` asks, of a row that was read already."""
        return self.is_current and self.power == self.Power.SETTLE

    def limit(self, step: Step | str) -> Limit:
        """The limit of a step (or of ``rework``)."""
        return Limit.parse(self.limits[step])
