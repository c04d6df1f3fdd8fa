"""What the loop declares: which cases wait for a person, and how the cases of notices stand now."""

import datetime as dt
import uuid
from collections.abc import Iterator

from cases.actions.notices import ASKED_TO
from cases.models import Case
from cases.models.case import page_of
from cases.waiting import ASKED, TURN
from cases.workflow import STATES, Lateness, State
from governance.models import User
from governance.modules import Module, ToDo, Told


def to_do(user: User, now: dt.datetime, most: int) -> Iterator[ToDo]:
    """Cases that wait for a person."""
    found = Case.objects.visible_to(user).waiting_for(user, *TURN, *ASKED).select_related("category")
    for case in found.by_what_breaks_next()[:most]:
        title = f"{case.number} {case.category.name} {case.address}".strip()
        verb = ASKED_TO.get(State(case.state), "审批")
        yield ToDo(verb, title, page_of(case.uuid), case.due_at, case.lateness == Lateness.RED)


def states_of(user: User, addresses: list[str]) -> dict[str, Told]:
    """States of the cases behind addresses, within the scope of a person."""
    wanted = {}
    for address in addresses:
        try:
            wanted[uuid.UUID(address.strip("/").removeprefix("cases/"))] = address
        except ValueError:
            continue  # of another app
    rows = Case.objects.visible_to(user).filter(uuid__in=wanted).values_list("uuid", "state")
    return {wanted[key]: Told(State(state).label, STATES[State(state)].tone) for key, state in rows}


MODULE = Module(name="cases", label="案件", is_needed=True, to_do=to_do, states_of=states_of)
