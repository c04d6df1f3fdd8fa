"""Signing in: one account is tried by one request at a time."""

import math

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone


class SignInForm(AuthenticationForm):
    """Name and password; check and count of a try happen under one lock, so that parallel guesses queue up."""

    username = UsernameField(
        max_length=150,  # Django's own form shows its limit without keeping it
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none"}),
    )
    error_messages = {
        "invalid_login": "账号或密码不正确，请核对后再试。",
        "inactive": "账号或密码不正确，请核对后再试。",  # whether an account exists is nobody's business
    }

    def clean(self) -> dict:
        refusal = None
        with transaction.atomic():
            lock_account(self.cleaned_data.get("username", ""))
            try:
                super().clean()
            except ValidationError as problem:
                refusal = problem  # raised after the commit: a rollback would forget the failed try
        if refusal and self.request.axes_locked_out:
            raise ValidationError(self.locked_sentence(), code="locked") from refusal
        if refusal:
            raise refusal
        return self.cleaned_data

    def locked_sentence(self) -> str:
        """How long the account stays locked for this address, in whole minutes."""
        username, address = self.cleaned_data["username"], self.request.axes_ip_address
        tries = AccessAttempt.objects.filter(username=username, ip_address=address)
        last = tries.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
        rest = (last or timezone.now()) + get_cool_off() - timezone.now()
        minutes = max(1, math.ceil(rest.total_seconds() / 60))
        return f"密码连续输错 {settings.AXES_FAILURE_LIMIT} 次，账号已锁定。请 {minutes} 分钟后再试，或联系本单位管理员。"


def lock_account(username: str) -> None:
    """Hold this account's lock until the transaction ends; axes locks the counting of tries only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sign in'), hashtext(%s))", [username])
