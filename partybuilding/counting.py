"""What other pages say of whistles: numbers of the board, states behind notices."""

import datetime as dt
import uuid

from governance.models import User
from governance.modules import Figure, Shown, Told
from partybuilding.addresses import LIST, page_of
from partybuilding.filters import open_and_late
from partybuilding.models import Whistle
from partybuilding.workflow import TONES, ClockStep, State


def figures(user: User, now: dt.datetime) -> list[Figure]:
    """Open whistles, and how many have a late clock of each step; one statement, nothing where none is open."""
    every, late = open_and_late(user)
    if not every:
        return []
    return [
        Figure("在办哨单", every, LIST),
        *(
            Figure(f"{step.label}超期", late[step], f"{LIST}?late={step.value}", is_bad=True)
            for step in ClockStep
        ),
    ]


def states_of(user: User, addresses: list[str]) -> dict[str, Told]:
    """States of the whistles behind addresses of notices, within the scope of a person."""
    wanted = {}
    for address in addresses:
        try:
            wanted[uuid.UUID(address.removeprefix(LIST).rstrip("/"))] = address
        except ValueError:
            continue  # of another app
    if not wanted:
        return {}
    rows = Whistle.objects.visible_to(user).filter(uuid__in=wanted).values_list("uuid", "state")
    return {wanted[key]: Told(State(state).label, TONES[State(state)]) for key, state in rows}


def shown(user: User, ids: list[int]) -> dict[int, Shown]:
    """Whistles as lines of a list, within the scope of a person."""
    rows = Whistle.objects.visible_to(user).filter(pk__in=ids).select_related("category", "side")
    found = {}
    for whistle in rows:
        state, where = State(whistle.state), f"{whistle.side.name} · {whistle.address}".strip(" ·")
        title = f"{whistle.label}：{whistle.category.name}"
        told = (whistle.number, state.label, TONES[state], whistle.lateness)
        found[whistle.pk] = Shown(page_of(whistle.uuid), title, where, *told)
    return found
