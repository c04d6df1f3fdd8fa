"""What differs from place to place: each file is read as a whole, a mistake in it is one sentence."""

import tomllib
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from cases.loops import base, from_loop_up, loops, top, up_to_loop
from cases.models import Case
from cases.routing import Location
from cases.workflow import PHASES, Loop, Step
from governance import profile as profiles
from governance.profile import Cover, Engagement, Level, Phase, profile, read, understood

PLACES = sorted(file.stem for file in profiles.FOLDER.glob("*.toml"))


def tables(place: str = "panlong") -> dict[str, Any]:
    return tomllib.loads((profiles.FOLDER / f"{place}.toml").read_text())


@pytest.mark.parametrize("place", PLACES)
def test_a_profile_names_whatever_is_shown_of_it(place, settings):
    settings.PLACE = place
    assert profile() is read(place) and profile().name
    assert [phase.label for phase in Phase] == [tables(place)["steps"][phase.value] for phase in Phase]
    assert all(level.label == word for level, word in profile().levels.items())
    assert [loop.label for loop in loops()] == [one.label for one in profile().loops.values()]
    assert all(cover.label == rule.label for cover, rule in profile().covers.items())
    assert all(way.label == rule.label for way, rule in profile().engagements.items())


def test_panlong_is_what_is_meant_where_nothing_is_said():
    here = profile()
    assert here is read("panlong")
    assert here.steps == ("采集上报", "指挥派遣", "处理反馈", "结果核查", "结案归档", "考核评价")
    assert [loop.label for loop in loops()] == ["社区自循环", "街道微循环", "区级小循环"]
    assert [(Loop.STREET.above, Loop.STREET.below), (top().above, Loop.COMMUNITY.below)] == [
        (Loop.DISTRICT, Loop.COMMUNITY),
        (None, None),
    ]
    assert {cover: (rule.least, rule.most) for cover, rule in here.covers.items()} == {
        Cover.WORKER: (1, 1),
        Cover.SUPERVISOR: (1, 1),
        Cover.INSPECTOR: (1, 1),
        Cover.HELPER: (0, None),
    }
    assert [way for way, rule in here.engagements.items() if rule.grids == 1] == [Engagement.FULL_TIME]


def test_kinds_of_communities_are_those_of_the_place():
    six = ["普通商品住宅型", "老旧小区型", "商圈楼宇型", "破产企业型", "国有企业改制型", "城乡结合部"]
    assert [kind.label for kind in read("panlong").kinds.values()] == [*six, "农村型"]
    assert read("zhicheng").kinds == {}, "it sorts none"


def test_steps_with_the_same_word_are_shown_as_one():
    here = read("zhicheng")
    assert here.steps == ("受理", "分流", "督办", "反馈", "考核")
    assert here.step_of[Phase.VERIFY] == here.step_of[Phase.CLOSE] == 3
    assert here.step_of[Phase.EVALUATE] == 4


def test_every_step_of_a_leg_belongs_to_one_of_the_six():
    assert PHASES.keys() == set(Step) and set(PHASES.values()) == set(Phase)


def test_a_loop_is_named_as_its_level_and_as_the_column_of_its_territory():
    for loop in Loop:
        assert Case._meta.get_field(loop.column).related_model.__name__ == "Organization"
        assert loop.column in Location.__dataclass_fields__
        assert loop.level == Level[loop.name]


def test_two_loops_end_at_the_street(settings):
    settings.PLACE = "zhicheng"
    assert loops() == (Loop.COMMUNITY, Loop.STREET) and top() == Loop.STREET
    assert (Loop.COMMUNITY.above, Loop.STREET.above, Loop.STREET.below) == (
        Loop.STREET,
        None,
        Loop.COMMUNITY,
    )
    assert from_loop_up(Loop.COMMUNITY) == (Loop.STREET, Loop.COMMUNITY)
    assert up_to_loop(Loop.STREET) == base() == (Loop.COMMUNITY, Loop.STREET)


@pytest.mark.parametrize("places", [("panlong", "zhicheng"), ("zhicheng", "panlong")])
def test_the_loops_that_a_form_offers_follow_the_place(places, settings):
    for place in places:
        settings.PLACE = place
        assert Case._meta.get_field("loop").choices == [(loop.value, loop.label) for loop in loops()]


# Mistakes ---------------------------------------------------------------------------------------------------------


def without(*path: str) -> dict[str, Any]:
    data = tables()
    *above, last = path
    for name in above:
        data = data[name]
    found = data.pop(last)
    assert found is not None
    return _whole(path, data)


def _whole(path: tuple[str, ...], data: dict[str, Any]) -> dict[str, Any]:
    for depth in range(len(path) - 2, -1, -1):
        holder = tables()
        for name in path[:depth]:
            holder = holder[name]
        data = {**holder, path[depth]: data}
    return data


def changed(*path: str, to: Any) -> dict[str, Any]:
    data = tables()
    *above, last = path
    for name in above:
        data = data[name]
    return _whole(path, {**data, last: to})


# fmt: off
MISTAKES = {
    "no name":                 (without("name"), "the file needs a word for 'name'"),
    "an empty name":           (changed("name", to=" "), "the file needs a word for 'name'"),
    "an unknown table":        (changed("weather", to={}), "the file has 'weather'"),
    "a table missing":         (without("loops"), r"\[loops\] is missing"),
    "no table":                (changed("levels", to="区"), r"\[levels\] must be a table"),
    "a level misspelt":        (changed("levels", "town", to="镇"), r"\[levels\] has 'town'"),
    "a level of cases missing": (without("levels", "street"), r"\[levels\] has no street"),
    "a step missing":          (without("steps", "close"), r"\[steps\] has no word for close"),
    "a step without a word":   (changed("steps", "close", to=""), r"\[steps\] needs a word for 'close'"),
    "one word, two places":    (changed("steps", "close", to="采集上报"), r"\[steps\] uses one word"),
    "no loop":                 (changed("loops", to={}), r"\[loops\] is empty"),
    "a loop of no level":      (changed("loops", "city", to={"label": "大循环", "centre": "中心"}), r"\[loops\] has 'city'"),
    "a loop without a word":   (without("loops", "street", "label"), r"\[loops.street\] needs a word for 'label'"),
    "a word too many":         (changed("loops", "street", "colour", to="red"), r"\[loops.street\] has 'colour'"),
    "an unknown engagement":   (changed("engagements", "seasonal", to={"label": "季节"}), r"\[engagements\] has 'seasonal'"),
    "no number of grids":      (changed("engagements", "full_time", "grids", to="one"), r"\[engagements.full_time\] needs a whole number"),
    "an unknown duty":         (changed("covers", "guard", to={"label": "保安"}), r"\[covers\] has 'guard'"),
    "a way that is not there": (without("engagements", "full_time"), r"\[covers.worker\] names the engagement 'full_time'"),
    "no way":                  (changed("covers", "worker", "engagements", to=[]), r"\[covers.worker\] allows no engagement"),
    "the same way twice":      (changed("covers", "worker", "engagements", to=["full_time"] * 2), r"\[covers.worker\] names something twice"),
    "no list of modules":      (changed("without", to="economy"), "the file needs a list of words for 'without'"),
    "a kind without a sign":   (without("kinds", "village", "means"), r"\[kinds.village\] needs a word for 'means'"),
    "a kind with a long name":  (changed("kinds", "v" * 31, to={"label": "村", "means": "村"}), r"\[kinds\] has 'v{31}'"),
    "one word for two kinds":  (changed("kinds", "village", "label", to="老旧小区型"), r"\[kinds\] uses one word for two kinds"),
    "less than none":          (changed("covers", "worker", "least", to=-1), r"\[covers.worker\] needs a whole number"),
    "more needed than allowed": (changed("covers", "worker", "least", to=2), r"\[covers.worker\] needs at least 2 and allows at most 1"),
}
# fmt: on


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_table(mistake):
    data, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence):
        understood(data)


def test_a_place_without_a_file_is_told_which_there_are(settings):
    settings.PLACE = "atlantis"
    with pytest.raises(ImproperlyConfigured, match=f"'atlantis'.*{', '.join(PLACES)}"):
        profile()


@pytest.mark.parametrize("text", ["name = ", 'name = "x"\nname = "y"', 'name = "x"'])
def test_a_broken_file_is_named(text, tmp_path, monkeypatch, settings):
    (tmp_path / "broken.toml").write_text(text)
    monkeypatch.setattr(profiles, "FOLDER", tmp_path)
    settings.PLACE = "broken"
    with pytest.raises(ImproperlyConfigured, match=r"^broken\.toml: "):
        profile()


def test_lines_of_a_file_may_stand_in_any_order():
    data = tables()
    data["loops"] = dict(reversed(data["loops"].items()))
    data["steps"] = dict(reversed(data["steps"].items()))
    found = understood(data)
    assert list(found.loops) == ["community", "street", "district"]
    assert found.steps == profile().steps
