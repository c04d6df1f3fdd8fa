"""Who sees a whistle: the own ones, those of the own unit, those under the own territory; nobody else, in no count."""

import pytest
from django.test import Client

from governance.models import User
from governance.roles import Role
from partybuilding.models import ListProposal, Whistle
from tests import people
from tests.cases.walks import appoint
from tests.partybuilding.blowing import MANAGEMENT, MARKET, POLICE, asked, blown, do, refuse, unit, user

pytestmark = pytest.mark.django_db
FIRE = f"{people.DISTRICT}-fire"
OTHER_STREET = people.ELSEWHERE[:9]


@pytest.fixture
def whistle() -> Whistle:
    return blown()


def someone(role: str, place: str) -> User:
    return people.someone(role, place)


def seers() -> dict[str, User]:
    return {
        "who blew": user("jieshuji"),
        "who leads the street": user("jielingdao"),
        "secretary of the community": user("sheshuji"),
        "secretary of the district": user("qushuji"),
        "auditor": user("shenji"),
        "liaison of the lead": user("cg_lianluo"),
        "head of the lead": user("chengguanju"),
        "handler of a helper": someone("handler", POLICE),
    }


def strangers() -> dict[str, User]:
    return {
        "a sibling unit of the district": someone("liaison", FIRE),
        "a sibling unit of the street": someone("handler", f"{people.STREET}-market"),
        "the same police of another street": someone("liaison", f"{OTHER_STREET}-police"),
        "secretary of another street": someone("secretary", OTHER_STREET),
        "leader of another street": someone("leader", OTHER_STREET),
        "secretary of a sibling community": someone("secretary", "530103001002"),
        "secretary of a community elsewhere": someone("secretary", people.ELSEWHERE),
        "the administrator": user("xitong"),
        "nobody": User.objects.create_user("test_nobody", name="无岗"),
    }


def sees(one: User) -> int:
    return Whistle.objects.visible_to(User.objects.get(pk=one.pk)).count()


def test_own_whistles_those_of_the_own_unit_and_of_the_own_territory_are_seen(whistle):
    assert {name: sees(one) for name, one in seers().items()} == dict.fromkeys(seers(), 1)


def test_nobody_else_sees_any(whistle):
    found = strangers()
    assert {name: sees(one) for name, one in found.items()} == dict.fromkeys(found, 0)


def test_a_program_and_somebody_without_an_account_see_none(whistle):
    assert not Whistle.objects.visible_to(people.program()).exists()


def test_pages_and_moves_of_a_stranger_are_not_there_and_lists_and_counts_are_empty(whistle):
    before = whistle.version
    for name, one in strangers().items():
        client = Client()
        client.force_login(one)
        page = f"/party/whistles/{whistle.uuid}/"
        assert client.get(page).status_code == 404, name
        for address in ("/party/", "/party/whistles/"):
            answer = client.get(address)
            assert answer.status_code in (200, 302, 403), (name, address)
            assert whistle.number not in answer.content.decode(), (name, address)
    whistle.refresh_from_db()
    assert whistle.version == before


def test_a_unit_that_was_called_and_refused_still_sees_what_it_refused_and_who_came_for_it_sees_it_too(
    whistle,
):
    assert sees(someone("liaison", MARKET)) == 0
    refuse(whistle)
    assert sees(user("cg_lianluo")) == sees(someone("liaison", MARKET)) == 1


def test_a_unit_that_is_called_later_sees_it_from_then_on(whistle):
    liaison = someone("liaison", FIRE)
    assert sees(liaison) == 0
    do(whistle, "call", "jieshuji", unit=unit(FIRE), reason="占用消防通道")
    assert sees(liaison) == 1


def test_who_moves_to_another_unit_sees_its_whistles_and_the_own_ones(whistle):
    newcomer = people.newcomer("test_mover", role=Role.LIAISON, place=FIRE)
    assert sees(newcomer) == 0
    appoint(newcomer, Role.LIAISON, POLICE)
    assert sees(newcomer) == 1


def test_who_had_a_part_keeps_seeing_it_as_long_as_there_is_a_post(whistle):
    liaison = user("cg_lianluo")
    do(whistle, "sign", liaison, of=MANAGEMENT)
    liaison.posts.update(ends_on="2026-01-02")
    assert sees(liaison) == 0
    appoint(liaison, Role.VOLUNTEER, people.ELSEWHERE)
    assert sees(liaison) == 1


def test_what_a_community_asked_for_is_seen_by_its_street_and_by_no_other():
    asked()
    assert sees(user("jieshuji")) == sees(user("sheshuji")) == 1
    assert sees(someone("secretary", OTHER_STREET)) == sees(user("cg_lianluo")) == 0


def test_proposals_are_seen_in_their_street_and_district_by_those_who_lead_or_blow(whistle):
    whistle = Whistle.objects.get(pk=whistle.pk)
    ListProposal.objects.create(
        category_id=whistle.category_id, street_id=whistle.street_id, district_id=whistle.district_id,
        whistles=[whistle.pk], units=[], opened_at=whistle.blown_at,
    )  # fmt: skip
    counts = {
        name: ListProposal.objects.visible_to(User.objects.get(pk=one.pk)).count()
        for name, one in (seers() | strangers()).items()
    }
    seen = {"who blew", "who leads the street", "secretary of the district"}
    assert {name for name, count in counts.items() if count} == seen
