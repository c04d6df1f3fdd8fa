"""The page of what whistles teach: proposals with their evidence, decided once, and the rate as a band."""

import re
import uuid

import pytest

from governance.models import Outbox
from partybuilding import rates
from partybuilding.models import ListProposal
from tests.lives import MORNING
from tests.partybuilding.test_pages import asked, signed_in
from tests.partybuilding.test_scores import HOUR, finished

pytestmark = pytest.mark.django_db


def proposed() -> ListProposal:
    for hour in range(3):
        finished(MORNING + hour * HOUR)
    return ListProposal.objects.get()


def test_the_evidence_stands_beside_the_proposal_and_leads_to_its_whistles():
    proposal = proposed()
    for name in ("jieshuji", "qushuji", "quling"):
        answer = signed_in(name).get("/party/proposals/")
        (row,) = answer.context["rows"]
        assert [one.pk for one in row["whistles"]] == proposal.whistles
        for whistle in row["whistles"]:
            assert f"/party/whistles/{whistle.uuid}/" in answer.text
        assert (row["form"] is not None) == (name != "jieshuji")


def test_a_decision_is_made_once_with_a_reason_and_what_was_typed_comes_back():
    proposal = proposed()
    client, address = signed_in("qushuji"), f"/party/proposals/{proposal.pk}/decide/"
    key = {"key": uuid.uuid4()}
    answer = client.post(address, key | {"note": "由城管牵头"})
    assert answer.status_code == 422 and "请选择采纳或不采纳" in answer.text and "由城管牵头" in answer.text
    answer = client.post(address, key | {"decision": "adopted", "note": ""})
    assert answer.status_code == 422 and "请写明理由" in answer.text
    adopted = {"decision": "adopted", "note": "由城管牵头"}
    assert "防止重复的编号" in client.post(address, adopted).text
    for _ in range(2):
        assert client.post(address, key | adopted).status_code == 302, "the answer may have been lost"
    assert Outbox.objects.filter(verb="已采纳").count() == 1
    proposal.refresh_from_db()
    assert (proposal.state, proposal.note) == ("adopted", "由城管牵头")
    again = signed_in("quling").post(address, key | {"decision": "dismissed", "note": "不必"})
    assert again.status_code == 409 and "已采纳" in again.text
    proposal.refresh_from_db()
    assert proposal.state == "adopted"


def test_who_leads_in_the_street_sees_but_does_not_decide():
    proposal = proposed()
    client = signed_in("jieshuji")
    assert client.get("/party/proposals/").status_code == 200
    answer = client.post(
        f"/party/proposals/{proposal.pk}/decide/", {"key": uuid.uuid4(), "decision": "adopted", "note": "好"}
    )
    assert answer.status_code == 403
    answer = signed_in("cg_lianluo").post(f"/party/proposals/{proposal.pk}/decide/", {"decision": "adopted"})
    assert answer.status_code == 404


def test_a_rate_of_too_few_cases_says_how_many_it_needs():
    text = signed_in("qushuji").get("/party/proposals/").text
    assert re.search(r"结案仅 \d+ 件，不足 20 件，不计算", text) and "<h1>吹哨率与修订建议</h1>" in text


def test_a_rate_of_few_cases_says_that_it_is_a_small_base_and_what_one_whistle_makes(monkeypatch):
    monkeypatch.setattr(rates, "FEWEST_CASES", 3)
    proposed()
    text = signed_in("jieshuji").get("/party/proposals/").text
    assert "100.00，样本少，仅供参考：结案 3 件，多一件哨单就差 33.3" in text and "区间（" not in text


def test_the_page_asks_no_more_for_more_proposals():
    few = len(asked(signed_in("qushuji"), "/party/proposals/"))
    proposed()
    assert few < len(asked(signed_in("qushuji"), "/party/proposals/")) <= 10
