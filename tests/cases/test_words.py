"""Everyday words of categories: what browsers are given to search, what is learned from use, what people may change."""

import datetime as dt
import gzip
import json

import pytest
from django.test import Client

from cases.importing import import_words
from cases.models import Category, CategoryChoice, CategoryWord
from cases.words import ABNORMAL, FORGOTTEN_AFTER, entries, learn, note
from governance.models import User
from governance.roles import Role
from tests import people

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 12, 1)


def category(name: str) -> Category:
    return Category.objects.get(name=name)


def entry_of(name: str) -> dict:
    return next(one for one in entries() if one["name"] == name)


def three_people() -> list[User]:
    return list(User.objects.order_by("pk")[:3])


def test_a_component_and_the_matter_that_mirrors_it_are_one_entry_that_names_it():
    names = [one["name"] for one in entries()]
    assert "污水井盖" not in names and len(names) == len(set(names))
    assert entry_of("污水井盖异常")["about"] == "污水井盖"
    assert entry_of("暴露垃圾")["about"] == ""
    mirrored = Category.objects.filter(kind="component").count()
    assert len(names) == Category.objects.filter(is_active=True).count() - mirrored
    assert all(one["name"] == one["about"] + ABNORMAL for one in entries() if one["about"])


def test_a_word_comes_with_its_pinyin():
    assert ["垃圾桶", "la ji tong"] in entry_of("垃圾箱异常")["words"]


def test_a_second_import_of_words_changes_nothing_and_what_was_switched_off_stays_off():
    word = CategoryWord.objects.get(category=category("暴露垃圾"), word="垃圾")
    word.is_active = False
    word.save()
    assert import_words().created == []
    word.refresh_from_db()
    assert not word.is_active
    assert "垃圾" not in [term for term, _ in entry_of("暴露垃圾")["words"]]


def test_a_word_is_learned_when_three_people_chose_the_category_after_it():
    rubbish, people_of_it = category("暴露垃圾"), three_people()
    for person in people_of_it[:2]:
        note("马路垃圾山", rubbish, by=person, on=TODAY)
        note("马路垃圾山", rubbish, by=person, on=TODAY)
    assert learn(on=TODAY) == []
    note(" 马路 垃圾山！", rubbish, by=people_of_it[2], on=TODAY)
    assert [str(word) for word in learn(on=TODAY)] == ["马路垃圾山"]
    assert "马路垃圾山" in [term for term, _ in entry_of("暴露垃圾")["words"]]
    assert learn(on=TODAY) == []


def test_a_word_after_which_people_choose_this_and_that_is_not_learned():
    for person, name in zip(
        User.objects.order_by("pk")[:6], ["暴露垃圾"] * 3 + ["道路不洁"] * 3, strict=True
    ):
        note("脏兮兮一片", category(name), by=person, on=TODAY)
    assert learn(on=TODAY) == []


def test_a_learned_word_that_was_switched_off_is_not_learned_again():
    CategoryWord.objects.create(
        category=category("暴露垃圾"), word="马路垃圾山", origin=CategoryWord.Origin.LEARNED, is_active=False
    )
    for person in three_people():
        note("马路垃圾山", category("暴露垃圾"), by=person, on=TODAY)
    assert learn(on=TODAY) == []


def test_who_searched_for_what_is_forgotten():
    note(
        "马路垃圾山",
        category("暴露垃圾"),
        by=people.clerk(),
        on=TODAY - FORGOTTEN_AFTER - dt.timedelta(days=1),
    )
    note("垃圾山", category("暴露垃圾"), by=people.clerk(), on=TODAY)
    learn(on=TODAY)
    assert list(CategoryChoice.objects.values_list("asked", flat=True)) == ["垃圾山"]


@pytest.mark.parametrize(
    "asked",
    ["", "臭", "暴露", "这是一句比二十个字还要长得多得多的话不会记下来的", "找13800000000", "\x00\ud800"],
)
def test_what_teaches_nothing_is_not_kept(asked):
    note(asked, category("暴露垃圾"), by=people.clerk(), on=TODAY)
    assert not CategoryChoice.objects.exists()


def test_browsers_ask_with_the_fingerprint_and_hear_only_of_changes():
    first = Client().get("/categories/words.json", headers={"Accept-Encoding": "gzip"})
    told = json.loads(gzip.decompress(first.content))["categories"]
    assert len(told) == len(entries()) and len(first.content) < 40_000
    again = Client().get("/categories/words.json", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    CategoryWord.objects.create(category=category("暴露垃圾"), word="马路垃圾山")
    fresh = Client().get("/categories/words.json", headers={"If-None-Match": first["ETag"]})
    assert fresh.status_code == 200 and "马路垃圾山" in fresh.content.decode()


def test_a_system_administrator_adds_a_word_and_nobody_else():
    rubbish = category("暴露垃圾")
    url = f"/admin/cases/category/{rubbish.pk}/change/"
    clerk = Client()
    clerk.force_login(people.clerk(), backend="django.contrib.auth.backends.ModelBackend")
    assert clerk.get(url).status_code in (302, 403, 404)
    admin = Client()
    admin.force_login(
        people.someone(Role.SYSTEM_ADMIN, people.DISTRICT),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    form = admin.get(url).context["adminform"].form
    rows = admin.get(url).context["inline_admin_formsets"][0].formset
    sent = {name: value for name, value in form.initial.items() if name in form.fields and value is not None}
    sent |= {f"words-{name}": value for name, value in rows.management_form.initial.items()}
    for number, row in enumerate(rows.initial_forms):
        sent |= {
            f"words-{number}-id": row.instance.pk,
            f"words-{number}-category": rubbish.pk,
            f"words-{number}-word": row.instance.word,
            f"words-{number}-is_active": "on",
        }
    for number, word in enumerate(["马路垃圾山", "", ""], len(rows.initial_forms)):
        sent |= {f"words-{number}-word": word, f"words-{number}-is_active": "on"}
    answer = admin.post(url, sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert CategoryWord.objects.get(word="马路垃圾山").origin == CategoryWord.Origin.EDITED
