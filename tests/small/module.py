"""What the small app declares."""

import datetime as dt
from collections.abc import Iterator

from django.http import HttpRequest

from cases.models import Case, CaseEvent
from cases.situations import Walk
from governance.models import Outbox, User
from governance.modules import Face, Module, Panel, ToDo

#: What it heard and delivered, in this process.
HEARD: list[tuple[str, int, str]] = []
SENT: list[str] = []
REFUSES = False


def heard(walk: Walk) -> None:
    written = CaseEvent.objects.filter(case=walk.case, sequence=walk.case.version).exists()
    HEARD.append((walk.move.name, walk.case.pk, "written" if written else "not written"))
    if REFUSES:
        raise RuntimeError("the upper app cannot follow")


def send(row: Outbox, now: dt.datetime) -> None:
    SENT.append(row.subject)


def panel(request: HttpRequest, case: Case) -> dict[str, str] | None:
    return {"sentence": f"吹哨 {case.number}"} if case.loop == "street" else None


def to_do(user: User, now: dt.datetime, most: int) -> Iterator[ToDo]:
    yield ToDo("报到", "拓东路联合整治", "/small/1/", due_at=now - dt.timedelta(days=400), is_late=True)


MODULE = Module(
    name="small",
    label="小模块",
    faces=(Face("small", "吹哨", "bell", "/small/"),),
    panels=(Panel("small", "吹哨报到", "small/panel.html", panel),),
    to_do=to_do,
    hears={"escalate": heard},
    delivers={"pigeon": send},
)
