"""A district chooses among the denominators of a measure, from a day on; the choice has a name and a reason."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from appraisal.catalogue import measures
from appraisal.denominators import choices_of, choosable, chosen_on, sections_of
from appraisal.models import DenominatorChoice
from appraisal.periods import Period
from governance.models import Organization
from governance.roles import Role
from tests import people
from tests.lives import MORNING

pytestmark = pytest.mark.django_db
PAGE = "/admin/appraisal/denominatorchoice/"
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))


def district() -> Organization:
    return Organization.objects.get(code=people.DISTRICT)


def path_of(code: str) -> str:
    return Organization.objects.get(code=code).path


def in_use(path: str, on: dt.date) -> dict[str, str]:
    return chosen_on(choices_of(path), on)


def chosen(alternative: str, since: dt.date, measure: str = "rework_rate") -> DenominatorChoice:
    admin = people.someone(Role.SYSTEM_ADMIN, people.DISTRICT)
    return DenominatorChoice.objects.create(
        district=district(),
        measure=measure,
        alternative=alternative,
        valid_from=since,
        basis="区办〔2026〕15 号",
        set_by=admin,
        set_at=MORNING,
    )


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(people.someone(role, people.DISTRICT))
    return client


def sent(denominator: str = "rework_rate:handled", **more: str) -> dict[str, str]:
    usual = {"valid_from": "2026-11-10", "basis": "区办〔2026〕15 号", "district": str(district().pk)}
    return usual | {"denominator": denominator} | more


def test_the_measures_that_cities_define_differently_can_be_chosen():
    keys = {key for key, _ in choosable()}
    assert {"registering_rate", "rework_rate", "satisfied_rate"} <= keys
    assert all(measures()[key].denominators.keys() >= {name} for key, name in choosable())


def test_a_choice_holds_from_its_day_on_in_the_whole_district_and_nowhere_else():
    chosen("handled", dt.date(2026, 11, 10))
    for place in (people.DISTRICT, people.STREET, people.COMMUNITY):
        assert in_use(path_of(place), dt.date(2026, 11, 9)) == {}
        assert in_use(path_of(place), dt.date(2026, 11, 10)) == {"rework_rate": "handled"}
    assert in_use("/530000/", dt.date(2026, 11, 10)) == {}


def test_a_period_is_cut_where_the_choice_changed():
    chosen("handled", dt.date(2026, 11, 10))
    chosen("", dt.date(2026, 11, 20))
    rows = choices_of(path_of(people.COMMUNITY))["rework_rate"]
    found = sections_of("rework_rate", NOVEMBER, rows)
    assert [(one.period.begin.day, one.period.end.day, one.alternative) for one in found] == [
        (1, 9, ""),
        (10, 19, "handled"),
        (20, 30, ""),
    ]
    assert [one.by_row for one in found] == [True, False, True]
    assert found[1].denominator_words != found[0].denominator_words == found[2].denominator_words
    assert [one.period for one in sections_of("rework_rate", NOVEMBER, [])] == [NOVEMBER]


def test_the_system_admin_chooses_and_the_row_says_who_and_why():
    answer = signed_in(Role.SYSTEM_ADMIN).post(f"{PAGE}add/", sent())
    assert answer.status_code == 302
    row = DenominatorChoice.objects.get()
    assert (row.measure, row.alternative, row.basis) == ("rework_rate", "handled", "区办〔2026〕15 号")
    assert row.set_by == people.someone(Role.SYSTEM_ADMIN, people.DISTRICT)
    page = signed_in(Role.SYSTEM_ADMIN).get(PAGE).content.decode()
    assert "返工率：处置完成数" in page and row.set_by.name in page
    changed = signed_in(Role.SYSTEM_ADMIN).post(f"{PAGE}{row.pk}/change/", sent("rework_rate:due"))
    assert changed.status_code == 302 and DenominatorChoice.objects.get().alternative == "due"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"denominator": "rework_rate:imagined"}, "denominator"),
        ({"denominator": "closed:"}, "denominator"),
        ({"denominator": ""}, "denominator"),
        ({"basis": ""}, "basis"),
        ({"valid_from": "1999-12-31"}, "valid_from"),
        ({"valid_from": "2026-11-01"}, "valid_from"),
        ({"district": "0"}, "district"),
    ],
)
def test_what_cannot_be_chosen_is_said_at_its_field(wrong, said):
    chosen("due", dt.date(2026, 11, 1))
    page = signed_in(Role.SYSTEM_ADMIN).post(f"{PAGE}add/", sent(**wrong))
    assert page.status_code == 200 and list(page.context["adminform"].form.errors) == [said]
    assert DenominatorChoice.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.SYSTEM_ADMIN, 200, 200),
        (Role.AUDITOR, 200, 403),
        (Role.SECURITY_ADMIN, 403, 403),
        (Role.LEADER, 403, 403),
    ],
)
def test_nobody_else_chooses(role, reads, writes):
    client = signed_in(role)
    assert (client.get(PAGE).status_code, client.get(f"{PAGE}add/").status_code) == (reads, writes)
    if writes == 403:
        assert client.post(f"{PAGE}add/", sent()).status_code == 403
        assert not DenominatorChoice.objects.exists()


def test_one_choice_a_day():
    row = chosen("handled", dt.date(2026, 11, 10))
    with pytest.raises(ValidationError, match="同一天"):
        DenominatorChoice(
            district=row.district, measure=row.measure, valid_from=row.valid_from, basis="又一次"
        ).full_clean(exclude=["set_by", "set_at"])
    with pytest.raises(IntegrityError), transaction.atomic():
        chosen("due", dt.date(2026, 11, 10))
