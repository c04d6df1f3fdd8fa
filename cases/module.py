"""What the loop declares: which cases wait for a person, and how the cases of notices stand now."""

import datetime as dt
import uuid
from collections.abc import Iterator

from cases.models import Case
from cases.models.case import page_of
from cases.rows import with_row
from cases.waiting import ASKED, STEPS, Matter, matters_of
from cases.workflow import STATES, STEP_VERBS, Lateness, State
from governance.models import User
from governance.modules import Module, Shown, ToDo, Told


def _verb(user: User, case: Case) -> str:
    """What a case waits for this person to do."""
    matters = matters_of(user, case.waits_for)
    if Matter.STEP in matters or Matter.HANDLING in matters:
        return STEP_VERBS[State(case.state)]
    return "督办" if Matter.ORDER in matters else "审批"


def to_do(user: User, now: dt.datetime, most: int) -> Iterator[ToDo]:
    """Cases that wait for a person."""
    found = Case.objects.visible_to(user).waiting_for(user, *STEPS, *ASKED).select_related("category")
    for case in found.by_due_date()[:most]:
        title = f"{case.number} {case.category.name} {case.address}".strip()
        verb = _verb(user, case)
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


def shown(user: User, ids: list[int]) -> dict[int, Shown]:
    """Cases as lines of a list."""
    named = ("category_name", "street_name", "community_name", "unit_name")
    found = {}
    for case in with_row(Case.objects.visible_to(user).filter(pk__in=ids), named, characters=60):
        place = case.community_name or case.street_name or "网格以外"
        where = " · ".join(part for part in (case.category_name, place, case.unit_name) if part)
        title = case.words or case.category_name
        state = (case.state_name, case.tone)
        found[case.pk] = Shown(page_of(case.uuid), title, where, case.number, *state, case.lateness)
    return found


MODULE = Module(
    name="cases", label="案件", is_needed=True, to_do=to_do, states_of=states_of, shows={"case": shown}
)
