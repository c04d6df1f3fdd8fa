"""What a search among the categories needs; the search itself is in the browser, where it works without signal."""

import datetime as dt
import json
from functools import lru_cache

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from cases.models import Case, Category
from cases.words import entries, version
from governance.models import Level, User
from governance.responses import answers_json

#: One's own choices that stand in front, and own cases that are looked at for them.
MOST, LOOKED_AT = 8, 60
#: Days in which something is frequent.
DAYS = 90
#: Seconds that a browser keeps the words before it asks whether they are new.
WORDS_AGE = 600


def recent(user: User) -> list[int]:
    """What this person reported or had to do with lately, the latest first."""
    used = Case.objects.filter(people__contains=[user.pk]).order_by("-pk").values_list("category", flat=True)
    ids = list(dict.fromkeys(used[:LOOKED_AT]))
    there = set(Category.objects.filter(is_active=True, pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in there][:MOST]


def frequent(user: User) -> dict[int, float]:
    """How large a part of the cases around the person's post each category is, from 0 to 1."""
    posts = [post.organization for post in user.authority.posts]
    near = [one for one in posts if one.level in (Level.COMMUNITY, Level.STREET) and not one.function]
    if not near:
        return {}
    place = max(near, key=lambda one: one.level)
    where = "community" if place.level == Level.COMMUNITY else "street"
    since = timezone.now() - dt.timedelta(days=DAYS)
    rows = Case.objects.filter(**{where: place.pk}, reported_at__gte=since).order_by().values("category")
    counted = dict(rows.annotate(number=Count("pk")).values_list("category", "number"))
    most = max(counted.values(), default=1)
    return {pk: round(number / most, 3) for pk, number in counted.items()}


@answers_json
@login_required
@require_safe
def own_categories(request: HttpRequest) -> JsonResponse:
    """``{"recent": [id, …], "frequent": {id: share}}`` of whoever asks."""
    return JsonResponse({"recent": recent(request.user), "frequent": frequent(request.user)})


@lru_cache(maxsize=1)
def _words(version: str) -> bytes:
    """The answer, built once for each version: pinyin of two thousand words is not worked out at every request."""
    answer = {"version": version, "categories": entries()}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


@gzip_page
@require_safe
def words_json(request: HttpRequest) -> HttpResponse:
    """All categories with their everyday words, the same for everybody; the browser asks again with its fingerprint."""
    now = version()
    is_known = now in request.headers.get("If-None-Match", "")
    answer = (
        HttpResponseNotModified()
        if is_known
        else HttpResponse(_words(now), content_type="application/json; charset=utf-8")
    )
    answer["ETag"] = f'"{now}"'
    answer["Cache-Control"] = f"public, max-age={WORDS_AGE}"
    return answer
