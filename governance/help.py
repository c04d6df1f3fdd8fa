"""Help for each post: what one does here, in which order, what the words mean, which keys there are (``data/help.toml``)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.roles import Role

TEXTS = Path(__file__).parent / "data" / "help.toml"


@dataclass(frozen=True)
class Help:
    """The page of a role; two roles that do the same share its words."""

    role: Role
    does: str
    order: tuple[str, ...]
    words: tuple[tuple[str, str], ...]


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def meaning(word: str) -> str:
    """What a word of the screen means, in one sentence; raises ``KeyError`` for one without."""
    return _texts()["words"][word]


@cache
def pages() -> dict[Role, Help]:
    """The page of each role, in the order of the roles."""
    found = {
        Role(role): Help(
            Role(role),
            page["does"],
            tuple(page["order"]),
            tuple((word, meaning(word)) for word in page["words"]),
        )
        for page in _texts()["pages"]
        for role in page["roles"]
    }
    return {role: found[role] for role in Role}


@login_required
@require_safe
def page(request: HttpRequest, role: str = "") -> HttpResponse:
    """The help of a role, else of one's own first post; the others a click away."""
    own = list(dict.fromkeys(Role(post.role) for post in request.user.authority.posts))
    if role and role not in Role.values:
        raise Http404("没有这一页帮助。")
    shown = Role(role) if role else next(iter(own), Role.VOLUNTEER)
    context = {
        "help": pages()[shown],
        "own": own,
        "others": [one for one in Role if one not in own],
        "keys": _texts()["keys"],
    }
    return render(request, "governance/help.html", context)


@login_required
@require_safe
def words(request: HttpRequest) -> HttpResponse:
    """All words with their meanings."""
    return render(request, "governance/help_words.html", {"words": _texts()["words"].items()})
