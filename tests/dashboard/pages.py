"""The numbers that a page shows, each with the address of the list behind it."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_VOID = {"input", "link", "meta", "br", "img", "hr", "source", "wbr", "rect", "path", "use"}
#: What is no number: days, hours, months, periods, pages.
_NO_COUNT = re.compile(
    r"\d{4}-\d{2}(-\d{2})?( \d{2}:\d{2})?|\d{2}:\d{2}|(近|本期|前) ?\d+ (天|日)|第 \d+ (版|/ \d+ 页)|\d+ 月|\d{2}-\d{2}"
)


@dataclass(frozen=True)
class Shown:
    """A text with a digit: where it stands (tags and classes, the outermost first), and the address that it opens."""

    text: str
    path: tuple[str, ...]
    url: str

    def stands_in(self, *names: str) -> bool:
        """Whether all of some tags or classes are around it."""
        return all(any(name in one.split(".") for one in self.path) for name in names)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, str, str]] = []
        self.found: list[Shown] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        known = dict(attrs)
        classes = (known.get("class") or "").split()
        self.stack.append((tag, ".".join([tag, *classes]), known.get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in {one for one, *_ in self.stack}:
            while self.stack.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        tags = {tag for tag, *_ in self.stack}
        if "main" not in tags or tags & {"script", "form", "nav", "noscript", "svg"}:
            return
        if re.search(r"\d", _NO_COUNT.sub("", text)):
            url = next((href for tag, _, href in reversed(self.stack) if tag == "a"), "")
            self.found.append(Shown(text, tuple(name for _, name, _ in self.stack), url))


def numbers_of(page: str) -> list[Shown]:
    """Texts with a digit in the main part of a page, without fields, ways on, days and hours."""
    reader = _Reader()
    reader.feed(page)
    return reader.found
