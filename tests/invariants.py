"""What must be true of all cases at any moment, asked of the whole database at once."""

from collections.abc import Iterator
from itertools import pairwise

from django.db import connection

from cases.models import Case, CaseEvent, CaseText, Leg
from cases.workflow import FINAL, MOVES, STATES, State, Step
from records import chain

#: Rows that contradict each other: what is wrong, and how it is found.
CONTRADICTIONS = {
    "a version that is not the number of events": """
        SELECT c.id FROM cases_case c WHERE version <> (SELECT count(*) FROM cases_caseevent e WHERE e.case_id = c.id)
    """,
    "an end that differs from the last event's": """
        SELECT c.id FROM cases_case c JOIN cases_caseevent e ON e.case_id = c.id AND e.sequence = c.version
        WHERE (c.state, c.loop, c.centre_id, c.unit_id) IS DISTINCT FROM (e.after, e.loop, e.centre_id, e.unit_id)
    """,
    "a clock that differs from its open leg's": """
        SELECT c.id FROM cases_case c LEFT JOIN cases_assignment l ON l.case_id = c.id AND l.stopped_at IS NULL
        WHERE c.due_at IS DISTINCT FROM l.due_at OR c.lateness <> coalesce(l.lateness, 'none')
    """,
    "a unit that is not among its units": """
        SELECT id FROM cases_case WHERE unit_id IS NOT NULL AND rounds > 0 AND NOT unit_id = ANY (units)
    """,
    "a reporter or handler who is not among its people": """
        SELECT id FROM cases_case WHERE NOT (reporters <@ people AND handlers <@ people)
    """,
    "somebody named twice": """
        SELECT id FROM cases_case WHERE EXISTS (SELECT FROM unnest(people) p GROUP BY p HAVING count(*) > 1)
            OR EXISTS (SELECT FROM unnest(reporters) p GROUP BY p HAVING count(*) > 1)
            OR EXISTS (SELECT FROM unnest(handlers) p GROUP BY p HAVING count(*) > 1)
    """,
    "a verification drawn to its reporter or handler": """
        SELECT c.id FROM cases_case c JOIN cases_assignment l ON l.case_id = c.id AND l.stopped_at IS NULL
        WHERE l.step = 'verifying' AND l.person_id = ANY (c.reporters || c.handlers)
    """,
    "a late handling that is not held against it": """
        SELECT c.id FROM cases_case c JOIN cases_assignment l ON l.case_id = c.id
        WHERE l.step = 'handling' AND l.is_late AND NOT c.was_late
    """,
    "a merge without a target that knows its reporters": """
        SELECT c.id FROM cases_case c LEFT JOIN cases_case t ON t.id = c.merged_into_id
        WHERE (c.state = 'merged') <> (t.id IS NOT NULL) OR NOT c.reporters <@ t.reporters
    """,
    "a photo that says another move than the events": """
        SELECT p.case_id FROM cases_photo p LEFT JOIN cases_caseevent e
            ON e.case_id = p.case_id AND e.sequence = p.sequence AND position(p.uuid::text IN e.data) > 0
        WHERE p.case_id IS NOT NULL AND e.id IS NULL
    """,
    "photos of an event that are not there": """
        SELECT e.case_id FROM cases_caseevent e
        WHERE coalesce(jsonb_array_length(e.data::jsonb -> 'photos'), 0) <>
            (SELECT count(*) FROM cases_photo p WHERE p.case_id = e.case_id AND p.sequence = e.sequence)
    """,
}


def contradictions() -> list[str]:
    """Everything that is wrong with any case; empty where all is well."""
    wrong = [f"case {pk}: its chain is broken" for pk in chain.broken(CaseEvent, CaseText)]
    with connection.cursor() as cursor:
        for what, sql in CONTRADICTIONS.items():
            cursor.execute(sql)
            wrong += [f"case {pk}: {what}" for (pk,) in cursor.fetchall()]
    return [*wrong, *_impossible_lives(), *_torn_legs()]


def _impossible_lives() -> Iterator[str]:
    """Moves that the table does not know, one after the other."""
    case, state = None, ""
    rows = CaseEvent.objects.order_by("case", "sequence")
    for pk, sequence, name, before, after in rows.values_list("case", "sequence", "move", "before", "after"):
        move, previous = MOVES[name], state if pk == case else ""
        is_known = move.may_lead(State(before), State(after)) if before else after in move.targets
        if before != previous or not is_known or bool(before) == (sequence == 1):
            yield f"case {pk}: {name} led from {before or 'nothing'} to {after} after {previous or 'nothing'}"
        case, state = pk, after


def _torn_legs() -> Iterator[str]:
    """Legs that overlap, leave a gap, or do not fit the state."""
    legs: dict[int, list[tuple]] = {}
    rows = Leg.objects.order_by("case", "pk").values_list("case", "step", "opened_at", "stopped_at")
    for pk, *leg in rows:
        legs.setdefault(pk, []).append(tuple(leg))
    for pk, state, reported_at in Case.objects.values_list("pk", "state", "reported_at"):
        mine = legs.get(pk, [])
        if not mine or mine[0][1] != reported_at:
            yield f"case {pk}: its first leg did not begin with the report"
        if any(one[2] != following[1] for one, following in pairwise(mine)):
            yield f"case {pk}: a leg does not begin where the one before it ended"
        running = [Step(step) for step, _, stopped_at in mine if stopped_at is None]
        if running != ([] if state in FINAL else [STATES[State(state)].step]):
            yield f"case {pk}: {state} with open legs {running}"


def tally() -> tuple:
    """How much there is of everything that moves write, and a fingerprint of all cases and legs."""
    tables = ("caseevent", "casetext", "contact", "request", "supervision")
    counts = ", ".join(f"(SELECT count(*) FROM cases_{name})" for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {counts}, (SELECT count(*) FROM governance_outbox),"
            " (SELECT count(*) FROM cases_photo WHERE case_id IS NOT NULL),"
            " (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM cases_case c),"
            " (SELECT md5(string_agg(l::text, '|' ORDER BY id)) FROM cases_assignment l)"
        )
        return cursor.fetchone()
