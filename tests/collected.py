"""What a request can carry, read off the code and the pages themselves: nothing has to be entered in a list."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

from django import forms
from django.contrib.admin import site
from django.db import models
from django.urls import resolve

from tests.test_shape import python_files
from tests.test_wording import our_own

#: Parameters of packages: the interface's pages, the description of it, the lists and forms of the configuration.
OF_API = ("limit", "offset", "format", "page", "ordering")
OF_SCHEMA = ("version", "lang", "format", "script")
OF_ADMIN = (
    "all", "o", "p", "q", "e", "_popup", "_to_field", "_changelist_filters", "_facets", "app_label", "model_name", "field_name", "term",
    "id", "pk", "id__in", "name__regex",
)  # fmt: skip
#: Headers that Django and packages read, beside those that our own code names.
OF_PACKAGES = (
    "Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "Cookie", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "Origin", "Range", "Referer", "User-Agent", "X-CSRFToken",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Requested-With", "HX-Request",
    "HX-Boosted", "HX-Current-URL", "HX-Current-URL-URI-AutoEncoded", "HX-History-Restore-Request", "HX-Prompt", "HX-Target",
    "HX-Trigger", "HX-Trigger-Name", "Triggering-Event", "Traceparent",
)  # fmt: skip
COOKIES_OF_PACKAGES = ("sessionid", "csrftoken", "messages", "django_language")

#: Everything but tests, tools and what never sees a request, so that no new app is forgotten.
_OURS = re.compile(r"^(?!tests/|tools/|manage\.py)(?!.*(migrations|management)/)")
#: One way each to read a parameter, a header, a cookie; another way is unknown to the fuzz and fails its guard.
_BY_NAME = re.compile(r"""(?:GET|query_params)\.get\(\s*"([\w-]+)\"""")
_BY_FORM = re.compile(r"""([A-Z]\w+)\(\s*request\.(?:GET|query_params)\b""")
#: The query of a list handed on: the forms of all lists that become files or are worked off in bulk read it.
_HANDED_ON = re.compile(r"""(?:wanted_by|\.ids|\.name|\.ask)\(.*request\.GET\b""")
_LISTS = ("FilterForm", "WhistleFilters")
_NO_VALUE = re.compile(r"""GET\.urlencode\(\)|given = context\["request"\]\.GET""")
_HEADER = re.compile(
    r"""headers\.get\(\s*"([\w-]+)"|"([\w-]+)" (?:not )?in [\w.]*headers|([A-Z_]+) in request\.headers"""
)
_META = re.compile(r"""META(?:\.get\(\s*|\[)"((?:HTTP_|CONTENT_|REMOTE_|QUERY_)\w+)\"""")
_COOKIE = re.compile(r"""COOKIES\.get\(\s*(\w+)""")
_META_OF_OURS = re.compile(
    r"""META\[?_REFUSED|_REFUSED in request\.META|META\[_REFUSED\]|meta = request\.META|request\.COOKIES\.values\(\)|\w+\.headers = |answer\.headers|response\.headers|is_phone\(request\.headers\)"""
)


def lines(*words: str) -> Iterator[tuple[str, str]]:
    """Lines of our code in which one of some words stands, by file."""
    for name, text in python_files():
        if _OURS.match(name):
            for line in text.splitlines():
                if any(word in line for word in words) and not line.lstrip().startswith(("#", '"""')):
                    yield name, line


@cache
def parameters() -> dict[str, frozenset[str]]:
    """Names that the views of a module read from an address."""
    shapes = {shape.__name__: shape for shape in our_own(forms.BaseForm)}
    by_module: dict[str, set[str]] = {}
    for name, line in lines(".GET", "query_params"):
        module = name.removesuffix(".py").replace("/", ".")
        by_module.setdefault(module, set()).update(_BY_NAME.findall(line))
        handed_on = _LISTS if _HANDED_ON.search(line) else ()
        for shape in (*_BY_FORM.findall(line), *handed_on):
            for field, box in shapes[shape].base_fields.items():
                parts = getattr(box.widget, "widgets_names", None)
                by_module[module].update([field + part for part in parts] if parts else [field])
    return {module: frozenset(names) for module, names in by_module.items()}


def unknown_reads() -> list[str]:
    """Reads of a parameter, a header or a cookie that the patterns above do not know."""
    known = {".GET": (_BY_NAME, _BY_FORM, _HANDED_ON, _NO_VALUE), "query_params": (_BY_NAME, _BY_FORM)}
    known |= {
        ".headers": (_HEADER, _META_OF_OURS),
        "META": (_META, _META_OF_OURS),
        "COOKIES": (_COOKIE, _META_OF_OURS),
    }
    return [
        f"{name}: {line.strip()}"
        for word, patterns in known.items()
        for name, line in lines(word)
        if not any(pattern.search(line) for pattern in patterns)
    ]


@cache
def headers() -> tuple[str, ...]:
    """Every header that our code or a package reads."""
    names = {one for _, line in lines("headers") for groups in _HEADER.findall(line) for one in groups if one}
    metas = {one for _, line in lines("META") for one in _META.findall(line)}
    names |= {one.removeprefix("HTTP_").replace("_", "-") for one in metas if one.startswith("HTTP_")}
    named = {one for one in names if not one.isupper() or "-" in one}
    return tuple(sorted({*named, "X-By-Itself", *OF_PACKAGES}, key=str.lower))


def cookies() -> tuple[str, ...]:
    """Every cookie that our code or a package reads."""
    from dashboard import walls
    from governance import devices
    from partybuilding.views import spot

    assert {one for _, line in lines("COOKIES") for one in _COOKIE.findall(line)} == {"COOKIE"}
    return (walls.COOKIE, devices.COOKIE, spot.COOKIE, *COOKIES_OF_PACKAGES)


def names_of(path: str) -> list[str]:
    """Parameters that the view of an address reads, or that its package does."""
    if path.startswith("/admin/"):
        model = next(
            (m for m in site._registry if f"/{m._meta.app_label}/{m._meta.model_name}/" in path), None
        )
        return [*OF_ADMIN, *(_filters(model) if model else ())]
    view = resolve(path).func
    shape = getattr(view, "view_class", None) or getattr(view, "cls", None)
    module = inspect.unwrap(view).__module__ if shape is None else shape.__module__
    names = set(parameters().get(module, ()))
    if shape is not None and path.startswith("/api/v1/"):
        names |= {
            *OF_API,
            *(shape.filterset_class.base_filters if getattr(shape, "filterset_class", None) else ()),
        }
    if "schema" in path or "docs" in path:
        names |= set(OF_SCHEMA)
    return sorted(names | ({"next"} if path == "/login/" else set()))


def _filters(model: type[models.Model]) -> Iterator[str]:
    page = site._registry[model]
    for one in (*page.list_filter, page.date_hierarchy):
        name = getattr(one, "parameter_name", one[0] if isinstance(one, tuple) else one)
        if name:
            yield from (
                f"{name}{end}"
                for end in ("", "__exact", "__isnull", "__isempty", "__year", "__gte", "__in", "__id__exact")
            )
    yield from (field.name for field in model._meta.fields)  # first values of a form that adds a row


class Form:
    """A form on a page: where it goes, and what it sends as it stands."""

    def __init__(self, action: str) -> None:
        self.action, self.fields, self.files = action, {}, set()


class Forms(HTMLParser):
    """The forms of a page that are sent by POST."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.found, self.form, self.select = path, [], None, ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        if tag == "form":
            self.form = (
                Form(given.get("action") or self.path) if given.get("method", "").lower() == "post" else None
            )
            self.found += [self.form] if self.form else []
        elif self.form is not None and tag in ("input", "textarea", "button") and name:
            if given.get("type") == "file":
                self.form.files.add(name)
            elif (
                given.get("type") not in ("checkbox", "radio")
                or "checked" in given
                or name not in self.form.fields
            ):
                self.form.fields[name] = given.get("value", "文字" if tag == "textarea" else "")
        elif self.form is not None and tag == "select" and name:
            self.select = name
            self.form.fields.setdefault(name, "")
        elif self.form is not None and tag == "option" and self.select and given.get("value"):
            is_first = not self.form.fields[self.select]
            self.form.fields[self.select] = (
                given["value"] if is_first or "selected" in given else self.form.fields[self.select]
            )

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""


def forms_of(page: str, path: str) -> list[Form]:
    parser = Forms(path)
    parser.feed(page)
    return parser.found


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], list[str]]]:
    """Method, path, parameters by where they are sent, and fields of the body of every operation that the description lists."""
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            parameters: dict[str, list[str]] = {}
            for one in told.get("parameters", ()):
                parameters.setdefault(one["in"], []).append(one["name"])
            fields: list[str] = []
            for content in told.get("requestBody", {}).get("content", {}).values():
                shape = content["schema"]
                shape = (
                    schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
                    if "$ref" in shape
                    else shape
                )
                fields = list(shape.get("properties", ()))
            yield method.upper(), path, parameters, fields
