"""Everyday words of categories: what a search in the browser looks through, and what it learns from use.

The search itself is ``static/js/category_search.js``: it has to work without signal.
"""

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef
from pypinyin import lazy_pinyin

from cases.models import Category, CategoryChoice, CategoryWord
from governance.models import User

_VERSION = """
    SELECT md5(concat(
        (SELECT string_agg(concat(id, is_active, everyday, name, class_name), ',' ORDER BY id) FROM cases_category),
        (SELECT string_agg(concat(id, is_active, word), ',' ORDER BY id) FROM cases_categoryword)
    ))
"""
#: What the mirror of a component adds to its name: 污水井盖, 污水井盖异常.
ABNORMAL = "异常"
#: A word is learned when so many people chose the category after it, and so large a part of all who searched by it.
PEOPLE, SHARE = 3, 0.6
#: More digits than this may be somebody's number: learned words are shown to everybody.
DIGITS = 3
#: What was not learned from is forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=90)
LONGEST = CategoryWord._meta.get_field("word").max_length


def version() -> str:
    """Changes whenever an entry does; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        return str(cursor.fetchone()[0])


def entries() -> list[dict[str, Any]]:
    """What a search looks through: one entry for each thing that can be reported.

    A component and the matter that mirrors it are one entry, the matter, with ``about`` naming the component. ``words``
    are pairs of a word and its pinyin (syllables apart), the name first.
    """
    mirrors = Category.objects.filter(
        edition=OuterRef("edition"), kind=Category.Kind.MATTER, code=OuterRef("code"), is_active=True
    ).exclude(pk=OuterRef("pk"))
    active = Category.objects.filter(is_active=True)
    components = {
        (one.edition, one.code): one.name
        for one in active.filter(Exists(mirrors), kind=Category.Kind.COMPONENT)
    }
    words: dict[int, list[str]] = {}
    for category, word in CategoryWord.objects.filter(is_active=True).values_list("category", "word"):
        words.setdefault(category, []).append(word)
    found = []
    for one in active.order_by("kind", "code", "pk"):
        component = components.get((one.edition, one.code), "")
        if one.kind == Category.Kind.COMPONENT and component:
            continue
        about = component if one.name == component + ABNORMAL else ""
        terms = dict.fromkeys([one.name, *([about] if about else []), *words.get(one.pk, [])])
        found.append(
            {
                "id": one.pk,
                "name": one.name,
                "about": about,
                "className": one.class_name,
                "code": one.code,
                "isLocal": one.is_local,
                "everyday": one.everyday,
                "words": [[term, " ".join(lazy_pinyin(term))] for term in terms],
            }
        )
    return found


def plain(text: str) -> str:
    """A search as it is compared with others: small letters, digits and characters alone."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def note(asked: str, category: Category, *, by: User, on: dt.date) -> None:
    """Keep what was searched for before a category was reported; words of the category itself teach nothing."""
    text = plain(asked)
    if not 1 < len(text) <= LONGEST or text in plain(category.name):
        return
    if sum(letter.isdigit() for letter in text) > DIGITS:
        return
    CategoryChoice.objects.update_or_create(asked=text, category=category, by=by, defaults={"day": on})


@transaction.atomic
def learn(*, on: dt.date) -> list[CategoryWord]:
    """Make words of what several people searched for and then chose; a word that was switched off is left so."""
    counted = CategoryChoice.objects.values("asked").annotate(people=Count("by", distinct=True))
    everybody = {row["asked"]: row["people"] for row in counted}
    chosen = CategoryChoice.objects.values("asked", "category").annotate(people=Count("by"))
    learned = []
    for row in chosen.filter(people__gte=PEOPLE).order_by("asked", "category"):
        if row["people"] < SHARE * everybody[row["asked"]]:
            continue
        word, is_new = CategoryWord.objects.get_or_create(
            category_id=row["category"],
            word=row["asked"],
            defaults={"origin": CategoryWord.Origin.LEARNED},
        )
        learned += [word] if is_new else []
    CategoryChoice.objects.filter(day__lt=on - FORGOTTEN_AFTER).delete()
    return learned
