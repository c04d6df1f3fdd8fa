"""Whistles that come again say that the responsibility list is wrong: a proposal with its evidence."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cases.models import Category
from governance.models import Organization, User
from governance.roles import DUTIES, Duty, Role


class ListProposalQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ListProposalQuerySet":
        """Those of the own street or district, for posts that lead or blow there; deny by default."""
        held = {Duty.BLOW, Duty.LEAD}
        places = [post.organization_id for post in user.authority.posts if DUTIES[Role(post.role)] & held]
        return self.filter(Q(street__in=places) | Q(district__in=places))


class ListProposal(models.Model):
    """A change of the responsibility list that repeated whistles of a category in a street propose; decided by people."""

    class State(models.TextChoices):
        OPEN = "open", "待研究"
        ADOPTED = "adopted", "已采纳"
        DISMISSED = "dismissed", "不采纳"

    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    street = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="街道")
    district = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name="区")
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    whistles = ArrayField(models.BigIntegerField(), verbose_name="依据的哨单")
    units = ArrayField(models.BigIntegerField(), verbose_name="每次都召集的单位")
    opened_at = models.DateTimeField("提出")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="决定人")
    decided_at = models.DateTimeField("决定", null=True)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = ListProposalQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "权责清单修订建议"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "street"], condition=Q(state="open"), name="one_list_proposal_waits"
            )
        ]
