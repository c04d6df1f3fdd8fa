"""What people wrote on a case; the search of cases asks it."""

from django.db import models


class CaseText(models.Model):
    """Words that people wrote on a case; erasable without breaking the chain of events."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="texts", verbose_name="案件")
    sequence = models.PositiveIntegerField("序号")
    body = models.TextField("内容", max_length=2000)
    salt = models.CharField(max_length=32)
    erased_at = models.DateTimeField("抹除", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "案件文字"
        constraints = [models.UniqueConstraint(fields=["case", "sequence"], name="text_of_one_event")]

    def __str__(self) -> str:
        return self.body
