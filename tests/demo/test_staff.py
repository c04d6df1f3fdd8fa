import datetime as dt

import pytest
from django.db.models import Count, Q

from demo.accounts import DEMO_PASSWORD, STAGE, accounts
from demo.staff import WITHOUT_ANYBODY, settle_staff
from governance.models import Function, Level, Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty

TODAY = dt.date(2026, 11, 22)


@pytest.mark.django_db
def test_staffing_is_that_of_panlong():
    held = dict(Post.objects.values_list("role").annotate(Count("user", distinct=True)))
    assert held[Role.GRID_WORKER] == 520
    assert held[Role.INSPECTOR] == 150
    assert held[Role.CLERK] == 2 * 105
    at_district = Post.objects.filter(organization__code="530103")
    seats = at_district.filter(role__in=[Role.ACCEPTOR, Role.DUTY_CHIEF, Role.DISPATCHER])
    assert seats.count() == 20


@pytest.mark.django_db
def test_each_of_the_five_levels_has_its_name_and_its_party_organisation():
    assert [level.label for level in Level] == ["市", "区", "街道", "社区", "居民小组（庭院）", "楼栋"]
    endings = {
        Level.DISTRICT: "区委",
        Level.STREET: "街道党工委",
        Level.COMMUNITY: "社区委员会|村党总支",
        Level.COURTYARD: "庭院党支部",
        Level.BUILDING: "楼栋党小组",
    }
    for level, ending in endings.items():
        there = Organization.objects.territories(level)
        assert there.exists()
        assert not there.exclude(party_name__regex=f"({ending})$").exists(), level


@pytest.mark.django_db
def test_a_hundred_grids_have_no_worker_but_all_have_inspector_and_supervisor():
    gaps = Grid.objects.with_gaps(TODAY)
    assert gaps.filter(lacks_worker=True).count() == 100
    assert not gaps.filter(lacks_inspector=True).exists()
    assert not gaps.filter(lacks_supervisor=True).exists()


@pytest.mark.django_db
def test_every_community_keeps_two_workers():
    duties = GridDuty.objects.current(TODAY).filter(duty=GridDuty.Duty.WORKER)
    counts = duties.values_list("grid__community").annotate(Count("pk"))
    assert len(counts) == 105
    assert min(number for _, number in counts) >= 2


@pytest.mark.django_db
def test_every_function_of_the_list_has_units_with_two_handlers():
    units = Organization.objects.units()
    found = set(units.values_list("function", flat=True))
    assert found == set(Function) - {Function.COMMUNITY}
    handlers = Count("posts", filter=Q(posts__role=Role.HANDLER))
    short = units.annotate(people=handlers).exclude(people=2)
    assert [(unit.code, unit.posts.count()) for unit in short] == [(WITHOUT_ANYBODY, 0)]


@pytest.mark.django_db
def test_only_printed_accounts_can_sign_in():
    named = set(User.objects.exclude(password__startswith="!").values_list("username", flat=True))
    assert named == set(STAGE)
    assert [account.username for account in accounts()] == list(STAGE)


@pytest.mark.django_db
def test_the_printed_password_opens_a_printed_account():
    assert User.objects.get(username="wangge").check_password(DEMO_PASSWORD)


@pytest.mark.django_db
def test_both_secretaries_of_the_street_have_printed_accounts():
    roles = {account.role for account in accounts() if account.place == "拓东街道"}
    assert {Role.SECRETARY.label, Role.DEPUTY_SECRETARY.label} <= roles


@pytest.mark.django_db
def test_a_deputy_acts_where_the_leaders_post_is_vacant():
    acting = Post.objects.get(role=Role.LEADER, is_acting=True)
    assert Post.objects.filter(user=acting.user, role=Role.DEPUTY_LEADER).exists()


@pytest.mark.django_db
def test_settling_twice_hires_nobody_twice():
    before = User.objects.count()
    settle_staff()
    assert User.objects.count() == before
