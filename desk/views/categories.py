"""Search among the categories: words, class, pinyin initials or code; without words, what one used lately."""

from django.contrib.auth.decorators import login_required
from django.db.models import Case as Choice
from django.db.models import IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from cases.models import Case, Category
from governance.models import User
from governance.responses import answers_json

MOST = 12
#: Own cases that are looked at for recent choices.
LOOKED_AT = 60


def matching(text: str) -> QuerySet[Category]:
    """Active categories that fit every word of a text, the best first."""
    found = Category.objects.filter(is_active=True)
    rank: list[When] = []
    for word in text.split()[:4]:
        found = found.filter(
            Q(name__icontains=word)
            | Q(class_name__icontains=word)
            | Q(initials__icontains=word)
            | Q(code__startswith=word)
        )
        tries = (
            {"code": word},
            {"initials__istartswith": word},
            {"name__startswith": word},
            {"name__icontains": word},
        )
        rank = rank or [
            When(**{field: value}, then=Value(n))
            for n, one in enumerate(tries)
            for field, value in one.items()
        ]
    order = Choice(*rank, default=Value(len(rank)), output_field=IntegerField()) if rank else Value(0)
    return found.order_by(order, "code", "pk")


def recent(user: User) -> list[Category]:
    """What this person reported or had to do with lately, the latest first."""
    used = Case.objects.filter(people__contains=[user.pk]).order_by("-pk").values_list("category", flat=True)
    ids = list(dict.fromkeys(used[:LOOKED_AT]))[:MOST]
    found = Category.objects.filter(is_active=True).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


@answers_json
@login_required
@require_safe
def category_search(request: HttpRequest) -> JsonResponse:
    """At most twelve: ``{"results": [{"id", "name", "class_name", "kind", "code"}]}``."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:40]
    found = matching(text)[:MOST] if text else recent(request.user)
    results = [
        {"id": c.pk, "name": c.name, "class_name": c.class_name, "kind": c.get_kind_display(), "code": c.code}
        for c in found
    ]
    return JsonResponse({"results": results})
