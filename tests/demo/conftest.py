from types import SimpleNamespace

import pytest

from demo import world
from demo.history import plan_of
from tests.demo.test_world import NOW
from tests.photos import photo


@pytest.fixture
def demo_world(db):
    return world.World(NOW, 1, SimpleNamespace(take=photo))


@pytest.fixture
def plan(demo_world):
    """The planned year before the day of the world."""
    return plan_of(demo_world, NOW.date())
