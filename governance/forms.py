"""Signing in."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance import signing_in
from governance.hashing import TryLater


class SignInForm(AuthenticationForm):
    """Name and password; ``retry_after`` holds the seconds to wait when they were not checked."""

    username = UsernameField(
        max_length=150,  # Django's own form shows its limit without keeping it
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none"}),
    )
    error_messages = {
        "invalid_login": "账号或密码不正确，请核对后再试。",
        "inactive": "账号或密码不正确，请核对后再试。",  # whether an account exists is nobody's business
    }
    retry_after = 0

    def clean(self) -> dict:
        given = self.cleaned_data
        if given.get("username") and given.get("password"):
            try:
                self.user_cache = signing_in.sign_in(
                    self.request, given["username"], given["password"], now=timezone.now()
                )
            except TryLater as refusal:
                self.retry_after = refusal.seconds
                raise ValidationError(refusal.sentence, code="later") from refusal
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return given
