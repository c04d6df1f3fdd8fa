"""What is looked at before the site starts, beside what Django looks at."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from governance import modules


@register
def modules_of_the_place(**_: Any) -> list[CheckMessage]:
    """The profile leaves out what can be left out."""
    return [Error(sentence, id="governance.E001") for sentence in modules.wrongly_left_out()]
