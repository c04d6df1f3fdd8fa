"""Signing in and changing the own password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from governance import signing_in
from governance.passwords import rules_in_words
from governance.refusals import Unavailable


class SignInForm(AuthenticationForm):
    """Name and password; ``refusal`` says why they were not checked."""

    username = UsernameField(
        max_length=150,  # Django's own form shows its limit without keeping it
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none"}),
    )
    error_messages = {
        "invalid_login": "账号或密码不正确，请核对后再试。",
        "inactive": "账号或密码不正确，请核对后再试。",  # the answer must not tell whether an account exists
    }
    refusal: Unavailable | None = None

    def clean(self) -> dict:
        given = self.cleaned_data
        if given.get("username") and given.get("password"):
            try:
                self.user_cache = signing_in.sign_in(
                    self.request, given["username"], given["password"], now=timezone.now()
                )
            except Unavailable as refusal:
                self.refusal = refusal
                raise ValidationError(refusal.sentence, code="later") from refusal
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return given


class OwnPasswordForm(PasswordChangeForm):
    """The old password, counted like signing in, and the new one twice; ``refusal`` as above."""

    error_messages = {
        "password_mismatch": "两次输入的新密码不一样，请再输一次。",
        "password_incorrect": "原密码不正确，请核对后再试。",
    }
    refusal: Unavailable | None = None

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        self.request = request
        super().__init__(request.user, *args, **options)
        labels = {"old_password": "原密码", "new_password1": "新密码", "new_password2": "再输一次新密码"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
            self.fields[name].error_messages["required"] = f"请填写{label}。"
        self.fields["new_password1"].help_text = rules_in_words()

    def clean_old_password(self) -> str:
        given = self.cleaned_data["old_password"]
        try:
            is_right = signing_in.confirm(self.request, given, now=timezone.now())
        except Unavailable as refusal:
            self.refusal = refusal
            raise ValidationError(refusal.sentence, code="later") from refusal
        if not is_right:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given

    def clean(self) -> dict:
        given = super().clean()
        if given.get("new_password1") and given.get("new_password1") == given.get("old_password"):
            self.add_error("new_password1", "新密码与原密码相同，请换一个。")
        return given


class ReadAllForm(forms.Form):
    """Up to which notice a person has looked: sent again later, it marks nothing that came in between."""

    upto = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "这次提交不完整，没有标记。请在这里再按一次。"),
    )
