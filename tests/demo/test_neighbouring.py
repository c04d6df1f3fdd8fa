"""The neighbourhoods of the demo world: who leads them, what they settled in every state, and small tasks in every state."""

from collections import Counter

import pytest

from cases.models import Case
from cases.workflow import State
from demo.accounts import COMMUNITY
from demo.neighbouring import LEADER, VOLUNTEER, give_tasks, neighbours_jobs, settle_neighbourhoods
from demo.world import Numbers, numbered
from governance.models import User
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, NeighbourhoodLeader, led_by
from tests.demo.test_world import NOW

pytestmark = pytest.mark.django_db


def test_each_lies_in_its_grid_and_is_led_by_who_holds_the_post():
    settle_neighbourhoods()
    settle_neighbourhoods()  # once is enough
    assert Counter(Neighbourhood.objects.values_list("kind", flat=True)) == {
        "building": 6,
        "courtyard": 3,
        "group": 1,
    }
    for one in [*Neighbourhood.objects.all(), *NeighbourhoodLeader.objects.all()]:
        one.full_clean()
    for username in (LEADER, VOLUNTEER):
        (own,) = led_by(User.objects.get(username=username), NOW.date())
        assert own.grid.community.code == COMMUNITY


def test_what_neighbours_settled_and_what_they_were_asked_stands_in_every_state(demo_world):
    settle_neighbourhoods()
    with numbered(numbers := Numbers(1)):
        assert all(
            demo_world.make(job, numbers)
            for job in sorted(neighbours_jobs(demo_world), key=lambda job: job.at)
        )
    cases = Case.objects.filter(source=Case.Source.NEIGHBOURS)
    wanted = [State.HANDLED, State.HANDLING, State.VERIFIED, State.CLOSED, State.EVALUATED]
    assert Counter(cases.values_list("state", flat=True)) == Counter(state.value for state in wanted)
    assert Case.objects.exclude(pk__in=cases).open().count() == 3
    assert give_tasks(NOW) == 4
    asked = AskedNeighbourhood.objects.filter(neighbourhood__leaders__user__username=LEADER)
    assert Counter(asked.values_list("answer", flat=True)) == {"": 2, "done": 1, "cannot": 1}
    assert asked.late(NOW.date()).count() == 1
