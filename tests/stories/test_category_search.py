"""A worker says in everyday words what it is, and the category stands among the first three."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cases.models import CategoryChoice
from tests.stories.steps import PHONE, be_located, named, take_photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHRASES = Path(__file__).parents[1] / "cases" / "phrases"
#: Runs the search of every picker over phrases, as the phone does; answers the three best of each.
SEARCHED = """async (phrases) => {
  const module = performance.getEntriesByType("resource").find(({ name }) => name.includes("category_search"));
  const { entry, search } = await import(module.name);
  const { categories } = await (await fetch("/categories/words.json")).json();
  const all = categories.map(entry);
  return phrases.map((phrase) => search(all, phrase, { most: 3 }).map(({ name }) => name));
}"""


def phrases(name: str) -> list[tuple[str, set[str]]]:
    lines = (PHRASES / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    return [
        (phrase, set(wanted.split("/"))) for phrase, wanted in (line.split("|") for line in lines if line)
    ]


def missed(page: Page, name: str) -> list[str]:
    """Phrases whose category is not among the first three."""
    asked = phrases(name)
    found = page.evaluate(SEARCHED, [phrase for phrase, _ in asked])
    return [phrase for (phrase, wanted), best in zip(asked, found, strict=True) if not wanted & set(best)]


def test_nine_of_ten_everyday_phrases_find_their_category_among_the_first_three(signed_in):
    page = signed_in("wangge", PHONE)
    page.goto("/field/report/", wait_until="networkidle")
    for name, least in (("known", 200), ("unseen", 100), ("everyday", 100)):
        asked, lost = phrases(name), missed(page, name)
        assert len(asked) >= least
        assert len(lost) <= len(asked) / 10, lost


def test_a_worker_finds_by_everyday_words_sees_what_an_entry_stands_for_and_teaches_it(signed_in):
    worker = signed_in("wangge", PHONE)
    worker.goto("/field/report/")
    form = worker.locator("[data-report]")
    picks = form.get_by_role("group", name="类别")
    box = worker.get_by_role("searchbox", name="类别")
    box.fill("ljt")
    expect(picks.get_by_role("button").first).to_have_text("垃圾箱异常")
    box.fill("下水道盖子没了")
    picks.get_by_role("button", name="污水井盖异常").click()
    expect(form.get_by_text("含污水井盖本身缺损")).to_be_visible()
    be_located(form)
    take_photo(form)
    worker.get_by_label("情况说明").fill("路中间井盖不见了，很危险。")
    named(form.locator(".field-action"), "上报").click()
    expect(worker.locator(".done-number")).to_be_visible()
    choice = CategoryChoice.objects.get()
    assert (choice.asked, choice.category.name) == ("下水道盖子没了", "污水井盖异常")

    worker.goto("/field/report/")
    expect(picks.get_by_role("button").first).to_have_text("污水井盖异常")
    form.get_by_text("按大类选").click()
    form.get_by_text("街面秩序", exact=True).click()
    form.locator(".picks-tree").get_by_role("button", name="占道经营", exact=True).click()
    expect(form.locator("select[name=category] option:checked")).to_have_text("占道经营")
