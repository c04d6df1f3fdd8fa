"""What people wrote on a case."""

from django.db import models

from records.models import Text


class CaseText(Text):
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="texts", verbose_name="案件")

    class Meta:
        verbose_name = verbose_name_plural = "案件文字"
        constraints = [models.UniqueConstraint(fields=["case", "sequence"], name="text_of_one_event")]
