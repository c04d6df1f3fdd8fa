"""A community is compared with those that are of the same kind on that day, and with no others."""

import datetime as dt

import pytest
from django.utils import timezone

from appraisal.peers import peers_of
from governance import actions
from governance.models import CommunityKind, Level, Organization
from tests.governance.test_kinds import CHANGED, CHANGED_ON, DAY, LATE, community, draft, keeper, kind_on

pytestmark = pytest.mark.django_db


def test_peers_are_the_other_communities_of_the_same_kind_on_that_day():
    own = community(CHANGED)
    before, after = (set(peers_of(own, day)) for day in (CHANGED_ON - DAY, CHANGED_ON))
    assert own not in before | after and before and after and not before & after
    assert {kind_on(LATE, place.code) for place in after} == {"estate"}
    assert own not in peers_of(community("530103005001"), LATE)
    assert own in peers_of(community("530103005001"), CHANGED_ON - DAY)


def test_peers_are_of_the_same_district_and_still_there():
    elsewhere = Organization.objects.create(code="530102", name="五华区", level=Level.DISTRICT)
    street = Organization.objects.create(
        code="530102001", name="华山街道", level=Level.STREET, parent=elsewhere
    )
    far = Organization.objects.create(
        code="530102001001", name="南强社区", level=Level.COMMUNITY, parent=street
    )
    actions.classify(draft("business", dt.date(2024, 1, 1), None, far.code), by=keeper(), now=timezone.now())
    near = community("530103001003")
    assert near in peers_of(community(), LATE) and far not in peers_of(community(), LATE)
    Organization.objects.filter(pk=near.pk).update(active_until=LATE)
    assert near not in peers_of(community(), LATE) and near in peers_of(community(), LATE - DAY)


def test_without_a_kind_there_are_no_peers():
    CommunityKind.objects.filter(organization=community()).update(valid_until=LATE)
    assert not peers_of(community(), LATE).exists()
