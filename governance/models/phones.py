"""What a person's phones need from the server for their offline store."""

from django.db import models
from django.utils import timezone

from governance.models.people import User


class StoreKey(models.Model):
    """The key of a person's offline store, sealed; the same on every phone, gone with the person."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="store_key")
    key = models.BinaryField("密钥")
    created_at = models.DateTimeField("产生", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "本机暂存密钥"

    def __str__(self) -> str:
        return f"{self.user_id}"
