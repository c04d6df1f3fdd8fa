"""Before an administrator's change takes hold, the page says who is affected and asks once more."""

import hashlib
from collections.abc import Callable
from typing import Any

from django import forms


def asking(
    shape: type[forms.ModelForm], consequence: Callable[[Any, forms.ModelForm], str]
) -> type[forms.ModelForm]:
    """The same form, which is taken only when its consequence, if there is one, was shown: the page sends ``seen`` back."""

    class Asking(shape):
        asked = seen = ""

        def _post_clean(self) -> None:
            super()._post_clean()
            told = "" if self.errors or not self.has_changed() else consequence(self.instance, self)
            if told and self.data.get("seen") != fingerprint(told):
                self.asked, self.seen = told, fingerprint(told)
                self.add_error(None, told)

    return Asking


def fingerprint(told: str) -> str:
    """Names a consequence: if it is another by the time of the second press, it is shown again."""
    return hashlib.sha256(told.encode()).hexdigest()[:16]
