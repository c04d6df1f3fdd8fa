"""Who may cover a grid: the rules of the place hold whichever way a duty is saved, and for two who save at once."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from governance.models import User
from governance.profile import profile
from governance.refusals import Refused
from governance.roles import Role
from grid.models import Grid, GridDuty
from tests import people
from tests.rivals import rivals
from tests.scale import tries

OVER = dt.date(2026, 11, 1)


def spare(number: int = 0) -> User:
    """Somebody who covers no grid."""
    return people.someone(Role.CLERK, people.COMMUNITY, number)


def vacant(number: int = 0) -> Grid:
    """A grid without a worker."""
    return Grid.objects.exclude(duties__duty="worker").order_by("pk")[number]


def taken() -> Grid:
    return Grid.objects.get(code=f"{people.COMMUNITY}001")


def duty(user: User, grid: Grid, kind: str, engagement: str, **more: object) -> GridDuty:
    return GridDuty(user=user, grid=grid, duty=kind, engagement=engagement, **more)


WAYS: dict[str, Callable[[GridDuty], object]] = {
    "save": lambda row: row.save(),
    "create": lambda row: GridDuty.objects.create(
        user=row.user, grid=row.grid, duty=row.duty, engagement=row.engagement
    ),
    "get_or_create": lambda row: GridDuty.objects.get_or_create(
        user=row.user, grid=row.grid, duty=row.duty, defaults={"engagement": row.engagement}
    ),
    "bulk_create": lambda row: GridDuty.objects.bulk_create([row]),
    "from the grid": lambda row: row.grid.duties.create(
        user=row.user, duty=row.duty, engagement=row.engagement
    ),
}

# fmt: off
REFUSED = {
    #                                who        grid     duty          engagement      what is said, and where
    "a second worker":              (spare,     taken,   "worker",     "full_time",    "这个网格的社区网格员最多 1 名，已经有人。", "duty"),
    "a second supervisor":          (spare,     taken,   "supervisor", "professional", "这个网格的街道监督员最多 1 名，已经有人。", "duty"),
    "a worker of another grid":     (people.worker, vacant, "worker",  "full_time",    "专职（一格一员）的人员一人最多负责 1 个网格。", "user"),
    "a part-time worker":           (spare,     vacant,  "worker",     "part_time",    "社区网格员须为专职（一格一员）。", "engagement"),
    "a full-time helper":           (spare,     taken,   "helper",     "full_time",    "志愿者、庭院长、楼栋长须为兼职（一格多员）。", "engagement"),
    "a professional helper":        (spare,     taken,   "helper",     "professional", "志愿者、庭院长、楼栋长须为兼职（一格多员）。", "engagement"),
    "a full-time inspector":        (spare,     vacant,  "inspector",  "full_time",    "区级巡查员须为专业（一员多格）。", "engagement"),
    "an official, unknown here":    (spare,     vacant,  "official",   "professional", "本地的网格不设这项职责。", "duty"),
}
# fmt: on


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", REFUSED)
def test_a_duty_that_the_place_has_no_room_for_is_refused_whichever_way_it_is_saved(what, way):
    who, where, kind, engagement, sentence, field = REFUSED[what]
    before = GridDuty.objects.count()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        WAYS[way](duty(who(), where(), kind, engagement))
    assert (refusal.value.sentence, refusal.value.field) == (sentence, field)
    assert GridDuty.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_what_fits_is_saved_whichever_way(way):
    WAYS[way](duty(spare(), vacant(), "worker", "full_time"))
    WAYS[way](duty(spare(1), taken(), "helper", "part_time"))
    assert GridDuty.objects.filter(user__in=[spare(), spare(1)]).count() == 2


@pytest.mark.django_db
def test_rows_that_come_together_are_looked_at_together():
    with pytest.raises(Refused, match="一人最多负责 1 个网格"), transaction.atomic():
        GridDuty.objects.bulk_create(duty(spare(), vacant(n), "worker", "full_time") for n in (0, 1))
    with pytest.raises(Refused, match="社区网格员最多 1 名"), transaction.atomic():
        GridDuty.objects.bulk_create(duty(spare(n), vacant(), "worker", "full_time") for n in (0, 1))
    GridDuty.objects.bulk_create(duty(spare(n), vacant(n), "worker", "full_time") for n in (0, 1))


@pytest.mark.django_db
def test_who_left_takes_nobodys_place():
    old = GridDuty.objects.get(grid=taken(), duty="worker", ends_on=None)
    old.ends_on = OVER
    old.save()
    duty(spare(), taken(), "worker", "full_time").save()
    duty(old.user, vacant(), "worker", "full_time").save()
    old.ends_on = None
    with pytest.raises(Refused, match="社区网格员最多 1 名"), transaction.atomic():
        old.save()
    duty(spare(1), taken(), "worker", "full_time", ends_on=OVER).save()  # of earlier days


@pytest.mark.django_db
def test_an_old_duty_ends_whatever_the_rules_of_today_say(settings):
    inspector = GridDuty.objects.get(grid=taken(), duty="inspector", ends_on=None)
    settings.PLACE = "zhicheng"  # which has no inspectors
    inspector.ends_on = OVER
    inspector.save()
    assert not GridDuty.objects.filter(pk=inspector.pk, ends_on=None).exists()


@pytest.mark.django_db
def test_rows_are_not_changed_past_the_rules():
    rows = GridDuty.objects.filter(grid=taken())
    for values in ({"grid": vacant()}, {"engagement": "full_time"}, {"ends_on": None}):
        with pytest.raises(TypeError):
            rows.update(**values)
    assert rows.update(ends_on=OVER) > 0


# Two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_of_several_who_take_the_same_grid_or_person_at_once_one_wins(promise):
    """Half of the rounds fight for a grid, half for a person; each loser is told why."""
    rounds, crowd, held = tries(6, full=20, trust=100), 4, 0
    helpers = list(User.objects.filter(grid_duties=None).order_by("pk")[:crowd])
    grids = list(Grid.objects.exclude(duties__duty="worker").order_by("pk")[:crowd])
    with rivals(crowd) as people_at_once:
        for number in range(rounds):
            pairs = (
                [(helper, grids[0]) for helper in helpers]
                if number % 2
                else [(helpers[0], grid) for grid in grids]
            )
            answers = people_at_once.at_once(
                [duty(user, grid, "worker", "full_time").save for user, grid in pairs]
            )
            refused = [one for one in answers if isinstance(one, Refused)]
            kept = GridDuty.objects.filter(user__in=helpers, duty="worker", ends_on=None)
            held += len(refused) == crowd - 1 and kept.count() == 1
            kept.update(ends_on=OVER)
    promise("one of those who take a grid or a person at once wins", tried=rounds, held=held)


@pytest.mark.trust
@pytest.mark.django_db(transaction=True)
def test_people_and_grids_in_any_order_wait_for_each_other_and_never_for_ever(promise):
    """Everybody saves several duties in one transaction, in orders that cross."""
    rounds, crowd, held = tries(5, full=20, trust=100), 4, 0
    helpers = list(User.objects.filter(grid_duties=None).order_by("pk")[:crowd])
    grids = list(Grid.objects.exclude(duties__duty="helper").order_by("pk")[:crowd])

    def together(turn: int) -> Callable[[], object]:
        shifted = [(helpers[(turn + n) % crowd], grids[(turn - n) % crowd]) for n in range(crowd)]
        rows = [duty(user, grid, "helper", "part_time", starts_on=f"20{10 + turn}-01-01", ends_on=OVER) for user, grid in shifted]  # fmt: skip
        return lambda: GridDuty.objects.bulk_create(rows)

    with rivals(crowd) as people_at_once:
        for _ in range(rounds):
            before = GridDuty.objects.count()
            answers = people_at_once.at_once([together(turn) for turn in range(crowd)])
            broken = [one for one in answers if isinstance(one, Exception)]
            held += not broken and GridDuty.objects.count() == before + crowd * crowd
    promise("duties that are saved in crossing orders are all saved", tried=rounds, held=held)


# By place ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [("panlong", "zhicheng"), ("zhicheng", "panlong")])
def test_the_duties_that_a_form_offers_follow_the_place(places, settings):
    for place in places:
        settings.PLACE = place
        duties, ways = (GridDuty._meta.get_field(name).choices for name in ("duty", "engagement"))
        assert duties == [(cover.value, rule.label) for cover, rule in profile().covers.items()]
        assert ways == [(way.value, rule.label) for way, rule in profile().engagements.items()]


# Gaps -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_gaps_are_of_the_duties_that_the_place_needs(settings):
    today = timezone.localdate()
    assert {name for name in vars(Grid.objects.with_gaps(today)[0]) if name.startswith("lacks_")} == {
        "lacks_worker",
        "lacks_supervisor",
        "lacks_inspector",
    }
    settings.PLACE = "zhicheng"
    found = Grid.objects.with_gaps(today).get(pk=taken().pk)
    assert (found.lacks_supervisor, found.lacks_official) == (False, True)
    assert not hasattr(found, "lacks_worker")
    assert Grid.objects.uncovered(today).count() == Grid.objects.count()
    duty(spare(), taken(), "official", "professional").save()
    assert not Grid.objects.uncovered(today).filter(pk=taken().pk).exists()


@pytest.mark.django_db
def test_zhicheng_has_full_time_workers_for_many_grids_each(settings):
    """1+1+N with 25 full-time workers for 133 grids."""
    settings.PLACE = "zhicheng"
    grids = list(Grid.objects.exclude(duties__duty="worker").order_by("pk")[:6])
    GridDuty.objects.bulk_create(duty(spare(), grid, "worker", "full_time") for grid in grids)
    GridDuty.objects.bulk_create(duty(spare(), grid, "official", "professional") for grid in grids)
    with pytest.raises(Refused, match="社区干部最多 1 名"), transaction.atomic():
        duty(spare(1), grids[0], "official", "professional").save()
    with pytest.raises(Refused, match="不设这项职责"), transaction.atomic():
        duty(spare(1), grids[0], "inspector", "professional").save()
    assert profile().covers.keys() == {"supervisor", "official", "worker", "helper"}
