"""What somebody had filled in when their session ended."""

from django.db import models

from governance.models.people import User


class KeptForm(models.Model):
    """A form that came too late, encrypted, for the same person and the same page; see ``governance/kept_forms.py``."""

    user = models.ForeignKey(User, models.CASCADE, related_name="kept_forms")
    path = models.CharField(max_length=200)
    sealed = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "path"], name="kept_form_once")]
