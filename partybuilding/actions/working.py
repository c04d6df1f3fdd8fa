"""Effects of the work on the spot: log, tasks, cases that come of them."""

from cases import actions as cases
from cases.models import Case
from partybuilding.actions.door import EFFECTS
from partybuilding.actions.notices import side, unit
from partybuilding.models import Task
from partybuilding.situations import Walk
from partybuilding.workflow import State
from records.chain import own_key


@EFFECTS.of("add_task")
def add_task(walk: Walk) -> None:
    given = walk.given
    task = Task(
        whistle=walk.whistle,
        unit=given["unit"],
        person=given.get("person"),
        title=given["title"],
        deadline=given["deadline"],
        given_at=walk.now,
    )
    walk.rows.append(task)
    walk.facts["unit"] = (
        task.unit_id
    )  # what is to be done are words of people: they stand with the task alone
    if task.person_id:
        walk.facts["person"] = task.person_id
    asks = "请您完成任务"
    walk.tell_also.append(
        {"user": task.person_id, "asks": asks} if task.person_id else unit(task.unit_id, asks)
    )


def _done(walk: Walk, task: Task) -> None:
    task.done_at, task.done_by = walk.now, walk.user
    task.save(update_fields=["done_at", "done_by", "case"])
    walk.facts["task"] = task.pk
    walk.tell_also.append(side(walk.whistle))


@EFFECTS.of("finish_task")
def finish_task(walk: Walk) -> None:
    _done(walk, walk.given["task"])


@EFFECTS.of("task_to_case")
def task_to_case(walk: Walk) -> None:
    """What the task is about becomes a case of its own, which walks the six steps."""
    given, task = walk.given, walk.given["task"]
    answer = cases.report(
        by=walk.by,
        now=walk.now,
        key=own_key(f"whistle-task:{task.pk}"),
        given={"position": given["position"], "category": given["category"], "words": given["words"]},
    )
    task.case = Case.objects.get(uuid=answer.uuid)
    walk.facts["case"] = answer.number
    _done(walk, task)


@EFFECTS.of("settle")
def settle(walk: Walk) -> State:
    """The matter is done; whether it is, a drawn person checks on the case."""
    walk.whistle.settled_at = walk.now
    return State.SETTLED
