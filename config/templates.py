"""The Jinja2 environment of the pages: what templates may ask for; what was forgotten raises."""

from functools import cache
from typing import Any

from django.template.defaultfilters import linebreaksbr, truncatechars
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from jinja2 import ChainableUndefined, Environment, StrictUndefined, Undefined, UndefinedError, pass_context
from jinja2.runtime import Context
from jinja2.utils import missing

from cases.clocks import clock, due, due_stamp, duration, stamp, when
from desk.letters import fresh_key, is_direct, letter
from governance import modules
from governance.help import meaning
from grid.map_apps import ways_to


class Absent(ChainableUndefined):
    """Empty for attributes of None (a case without a grid) and keys of a dictionary; any other unknown name raises."""

    __slots__ = ()

    def __new__(
        cls, hint: str | None = None, obj: Any = missing, name: str | None = None, exc=UndefinedError
    ):
        if obj is None or isinstance(obj, dict):
            return super().__new__(cls)
        return StrictUndefined(hint, obj, name, exc)


def printable(value: Any) -> Any:
    """Refuse to print what should have been called: Django's templates call by themselves, Jinja2's do not."""
    if callable(value) and not isinstance(value, Undefined):
        name = getattr(value, "__qualname__", type(value).__name__)
        raise TypeError(f"A template prints {name}: a call is missing.")
    return value


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a view."""
    return reverse(name, args=args, kwargs=kwargs)


@pass_context
def querystring(context: Context, **changes: Any) -> str:
    """The query of this page with some values changed, or left out where they are None."""
    given = context["request"].GET
    query = given.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query or given else ""


def environment(**options: Any) -> Environment:
    """The one environment of all pages."""
    found = Environment(**(options | {"undefined": Absent, "finalize": printable}))
    found.globals |= {
        "declared_faces": lambda: modules.faces().values(),
        "fresh_key": fresh_key,
        "meaning": meaning,
        "phone_pages": modules.phone_pages,
        "page_time": lambda: stamp(timezone.now()),
        "querystring": querystring,
        "static": cache(static),  # the same as long as this process lives
        "url": url,
        "ways_to": ways_to,
    }
    found.filters |= {
        "clock": clock,
        "due": due,
        "duration": duration,
        "is_direct": is_direct,
        "letter": letter,
        "linebreaksbr": linebreaksbr,
        "local": timezone.localtime,
        "stamp": stamp,
        "due_stamp": due_stamp,
        "truncatechars": truncatechars,
        "when": when,
    }
    return found
