"""Signing in: who did, and tries that did not succeed."""

from django.db import models
from django.utils import timezone

from governance.models.people import User


class SignIn(models.Model):
    """Somebody signed in."""

    user = models.ForeignKey(User, models.PROTECT, related_name="sign_ins", verbose_name="人员")
    address = models.CharField("网络地址", max_length=45, blank=True)
    at = models.DateTimeField("时间", default=timezone.now, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录记录"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.user} 登录"


class SignInTry(models.Model):
    """A try with a password that was not right, or is just being checked.

    ``account`` is a keyed digest of the name: people type passwords into the wrong field. ``device`` is empty unless the
    person signed in on it before.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    device = models.CharField(max_length=24, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="try_by_account"),
            models.Index(fields=["address", "at"], name="try_by_address"),
        ]
