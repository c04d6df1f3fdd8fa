"""What the search of cases looks through: a row beside each case, written by the database itself (``cases/search.py``)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class SearchRow(models.Model):
    """Words and address of a case in their plain form, and the keys by which they are found.

    Triggers write it with the case and its words; what is erased there is gone here.
    """

    case = models.OneToOneField(
        "cases.Case", models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )
    plain = models.TextField(editable=False)
    keys = ArrayField(models.BigIntegerField(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "检索行"
        # Without a list of what is still to be put in: every search would read it, once for each block.
        indexes = [GinIndex(fields=["keys"], fastupdate=False, name="case_search")]

    def __str__(self) -> str:
        return str(self.case_id)
