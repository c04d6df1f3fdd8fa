"""Makes the planned year on a site that is open: case after case by real moves, each with the number of its time."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterator

from django.db.models import Min
from django.utils import timezone

from cases.models import Case, Responsibility
from demo.planning import SEED, Drawing, Part, Planned, in_order
from demo.world import Job, Numbers, Progress, World, numbered

Known = list[tuple[int, dt.datetime]]


def first_day() -> dt.date:
    """The day on which this world began: its responsibility list holds since then."""
    return Responsibility.objects.aggregate(day=Min("valid_from"))["day"]


def plan_of(world: World, day: dt.date) -> list[Planned]:
    """The plan of the year before a day, on the grids of a world."""
    positions = world.positions
    return Drawing(day, dict(zip(positions.codes, positions.weights, strict=True))).plan()


def free_numbers(plan: list[Planned], known: Known) -> Iterator[tuple[Planned, int]]:
    """Planned cases (by time) with the free numbers (of cases by number) that fit their times.

    Where there are too few, since something else has taken them, everyday cases are left out.
    """
    times, begin, low = [one.at for one in plan], 0, 0
    for high, at in known:
        end = max(begin, bisect_left(times, at))
        fitting, free = plan[begin:end], high - low - 1
        spare = max(0, len(fitting) - free)
        for one in fitting:
            if spare and one.part == Part.EVERYDAY:
                spare -= 1
            elif free:
                low, free = low + 1, free - 1
                yield one, low
        begin, low = end, high


def job(world: World, one: Planned) -> Job:
    """A planned case; what misses is drawn once more at the same time and place."""
    return Job(one.at, lambda: world.live(one), lambda: job(world, one))


def make_more(
    world: World,
    plan: list[Planned],
    day: dt.date,
    progress: Progress,
    clock: Callable[[], dt.datetime] = timezone.now,
) -> int:
    """Make what is planned before a day and not there yet; each case is committed whole: the sweep never sees half of one."""
    known = list(Case.objects.order_by("pk").values_list("pk", "reported_at"))
    there = {at for _, at in known}
    numbers_of = dict(free_numbers([one for one in plan if one.at not in there], known))
    todo, made = in_order(list(numbers_of), day), 0
    for done, one in enumerate(todo):
        world.random.seed(f"{SEED} {one.at}")  # the same case, whatever was made before it
        world.go_on_to(clock())
        with numbered(numbers := Numbers(numbers_of[one])):
            made += world.make(job(world, one), numbers)
        progress(done + 1, len(todo))
    return made
