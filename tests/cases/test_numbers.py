"""The number of a case: found by what is printed, and by nothing that only looks like it."""

import pytest
from django.test import Client

from cases.models import Case
from cases.workflow import State
from tests import people
from tests.lives import MORNING, reported

pytestmark = pytest.mark.django_db


def wrong(case: Case) -> dict[str, str]:
    """Numbers that are not this case's, by what is wrong with them."""
    day, running = case.number.split("-")
    return {
        "another day": f"990101-{running}",
        "the day before": f"{int(day) - 1:06d}-{running}",
        "no day of any month": f"261332-{running}",
        "another running number": f"{day}-{case.pk + 1:06d}",
        "a figure lost": f"{day}-{running[1:]}",
        "a zero too many": f"{day}-0{running}",
        "no dash": f"{day}{running}",
        "two numbers": f"{case.number} {case.number}",
        "something behind it": f"{case.number}-1",
        "far too long": f"{day}-{'9' * 30}",
    }


def signed_in() -> Client:
    client = Client()
    client.force_login(people.clerk())
    return client


def test_a_case_is_found_by_its_whole_number_alone():
    case = reported()
    day, running = case.number.split("-")
    for text in (case.number, f" {case.number} ", f"{day}－{running}", f"{day}—{running}"):
        assert list(Case.objects.numbered(text)) == [case], text
    for what, text in {**wrong(case), "the running number alone": str(case.pk), "nothing": ""}.items():
        assert not Case.objects.numbered(text).exists(), what


def test_the_day_of_a_number_is_the_day_in_shanghai():
    late, early = (reported(now=MORNING.replace(hour=hour)) for hour in (23, 1))
    assert late.number[:6] == early.number[:6] == f"{MORNING:%y%m%d}"
    for case in (late, early):
        assert list(Case.objects.numbered(case.number)) == [case]


@pytest.mark.parametrize("channel", ["page", "interface"])
def test_a_search_for_a_wrong_number_finds_nothing(channel):
    case = reported()

    def found(text: str) -> list[str]:
        if channel == "page":
            answer = signed_in().get("/desk/", {"queue": "all", "q": text})
            return [str(row.uuid) for row in answer.context["cases"]]
        return [row["uuid"] for row in signed_in().get("/api/v1/cases/", {"q": text}).json()["results"]]

    without_dash = case.number.replace("-", "")
    for text in (case.number, without_dash, f"{case.number} {without_dash}", f"{case.pk:06d}"):
        assert found(text) == [str(case.uuid)], text
    for what in wrong(case).keys() - {"no dash", "two numbers"}:
        assert found(wrong(case)[what]) == [], what


@pytest.mark.parametrize("channel", ["page", "interface"])
def test_a_merge_takes_the_whole_true_number_alone(channel):
    case, target = reported(), reported()
    address = f"/cases/{case.uuid}/moves/merge/"
    api = f"/api/v1/cases/{case.uuid}/moves/merge/"

    def merge(text: str, number: int) -> int:
        key = f"00000000-0000-4000-8000-{number:012d}"
        if channel == "page":
            return signed_in().post(address, {"key": key, "target": text}).status_code
        headers = {"Idempotency-Key": key}
        sent = signed_in().post(api, {"target": text}, content_type="application/json", headers=headers)
        return sent.status_code

    refused = {**wrong(target), "the running number alone": str(target.pk)}
    for number, (what, text) in enumerate(refused.items()):
        assert merge(text, number) == (422 if channel == "page" else 400), what
        assert Case.objects.get(pk=case.pk).state == State.REPORTED, what
    assert merge(target.number, 99) == (302 if channel == "page" else 200)
    assert Case.objects.get(pk=case.pk).merged_into == target
