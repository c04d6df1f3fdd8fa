"""The first rules of whistles come from a file, once; a row that does not fit is refused."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from partybuilding.importing import FILE
from partybuilding.models import WhistleRule

pytestmark = pytest.mark.django_db
KINDS = {"enforcement", "priority", "emergency", "community"}


def test_a_district_without_rules_gets_those_of_the_file_from_a_day_on(capsys):
    WhistleRule.objects.all().delete()
    call_command("import_whistle_rules", valid_from=dt.date(2026, 3, 1))
    assert capsys.readouterr().out == "吹哨规则：新增 4\n"
    rules = WhistleRule.objects.in_force(dt.date(2026, 3, 1))
    assert {rule.kind for rule in rules} == KINDS
    assert not WhistleRule.objects.in_force(dt.date(2026, 2, 28)).exists()


def test_what_a_district_has_decided_itself_stays(capsys):
    WhistleRule.objects.filter(kind="emergency").delete()
    WhistleRule.objects.filter(kind="priority").update(label="难题哨")
    call_command("import_whistle_rules")
    assert capsys.readouterr().out == "吹哨规则：新增 1\n"
    assert WhistleRule.objects.get(kind="priority").label == "难题哨"


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        (('settle = "10 工作日"', 'settle = "10 天"'), "办结"),
        (('"street:secretary"', '"street:volunteer"'), "不是能吹哨的岗位"),
        (('"street:secretary"', '"secretary"'), "看不懂"),
    ],
)
def test_a_file_with_a_row_that_does_not_fit_changes_nothing(tmp_path, wrong, sentence):
    WhistleRule.objects.all().delete()
    file = tmp_path / "rules.toml"
    file.write_text(FILE.read_text(encoding="utf-8").replace(*wrong), encoding="utf-8")
    with pytest.raises(ValidationError, match=sentence):
        call_command("import_whistle_rules", file=file)
    assert not WhistleRule.objects.exists()
