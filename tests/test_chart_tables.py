"""The table under a chart: all that the picture knows, and all there is without it."""

import pytest
from django.template import engines
from django.test import RequestFactory


def drawn(text: str) -> str:
    text = '{% import "_components/charts.html" as charts %}' + text
    return engines["jinja2"].from_string(text).render({}, RequestFactory().get("/"))


def a_bar(**point: object) -> str:
    return drawn(
        f"{{{{ charts.bars('超期', [{{'name': '拓东街道', 'point': {point}}}]) }}}}".replace("None", "none")
    )


def test_a_number_stands_with_its_list_and_its_base():
    page = a_bar(value=98.2, text="98.2%", url="/desk/?a=1&b=2", base="982 / 1,000", is_small=False)
    assert 'data-value="98.2"><a href="/desk/?a=1&amp;b=2">98.2%</a> <small>982 / 1,000</small></td>' in page
    assert "样本少" not in page


def test_a_number_of_too_few_says_so_at_itself_and_above_the_picture():
    page = a_bar(value=71.4, text="71.4%", base="5 / 7", is_small=True)
    assert "data-small" in page
    assert page.count("样本少") == 2


def test_what_is_not_known_is_no_number():
    page = drawn(
        "{{ charts.bars('超期', [{'name': '拓东', 'point': {'value': none}}, {'name': '鼓楼', 'point': {'value': 0, 'text': '0'}}]) }}"
    )
    assert page.count("data-value") == 1
    assert '<td class="num soft">无数据</td>' in page


@pytest.mark.parametrize("rows", ["[]", "[{'name': '拓东街道', 'point': {'value': none}}]"])
def test_without_any_number_there_is_no_picture_but_what_to_do(rows):
    page = drawn(f"{{{{ charts.bars('超期', {rows}, empty_text='没有超期的。') }}}}")
    assert "没有数据" in page
    assert "没有超期的。" in page
    assert "data-chart" not in page


def test_words_of_people_are_escaped_in_a_table():
    assert "&lt;script&gt;" in drawn(
        "{{ charts.bars('<script>', [{'name': '<script>', 'point': {'value': 1, 'text': '1'}}]) }}"
    )
