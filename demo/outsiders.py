"""Who reports without a post: a camera and a hotline's platform with keys of their own, and residents."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from cases.models import Case, Contact
from demo.accounts import DISTRICT
from demo.words import Topic
from governance.models import ApiKey, By, Organization, User, resident
from governance.programs import make_key

#: Scenes in which a camera sees what is wrong.
SEEN_BY_CAMERA = frozenset({"parking", "bikes", "stall", "rubbish"})


class Kind(StrEnum):
    CAMERA = "camera"
    HOTLINE = "hotline"
    CALLER = "caller"  # the desk writes down what was said
    RESIDENT = "resident"


@dataclass(frozen=True)
class Program:
    """A program that is invented like everybody here."""

    name: str
    purpose: str


PROGRAMS = {
    Kind.CAMERA: Program("路口视频告警（演示）", "识别占道、乱停、垃圾，截图上报"),
    Kind.HOTLINE: Program("春城民情热线（演示）", "转来市民向热线反映的事项"),
}
#: What stands before the words of a report, and what is said later.
SAYS_FIRST = {Kind.CAMERA: "视频识别：", Kind.HOTLINE: "市民来电反映："}
SAYS_LATER = {
    Kind.CAMERA: "同一位置再次识别到同类情况，画面已留存。",
    Kind.HOTLINE: "市民再次来电询问进度，请答复。",
    Kind.CALLER: "还没有人来，请问什么时候处理？",
    Kind.RESIDENT: "今天路过又看了，还是老样子。",
}
#: Moves that residents make on their own cases; a program only says more.
OF_RESIDENTS = frozenset({"comment", "evaluate", "reopen"})
SOURCES = {Kind.CALLER: Case.Source.PHONE, Kind.RESIDENT: Case.Source.RESIDENT}


def sees(kind: Kind, topic: Topic) -> bool:
    """Whether somebody of a kind would report such a matter."""
    return kind != Kind.CAMERA or topic.scene in SEEN_BY_CAMERA


@dataclass
class Outsider:
    """Who reports a case; a caller is known when the desk has written the call down."""

    kind: Kind
    by: By | None

    @property
    def source(self) -> Case.Source:
        return SOURCES.get(self.kind, Case.Source.API)

    @property
    def says_first(self) -> str:
        return SAYS_FIRST.get(self.kind, "")

    @property
    def says_later(self) -> str:
        return SAYS_LATER[self.kind]

    @property
    def has_picture(self) -> bool:
        return self.kind == Kind.CAMERA

    def is_known_from(self, case: Case) -> None:
        """Take the identity that a call has left with its case."""
        if self.kind == Kind.CALLER:
            self.by = resident(Contact.objects.get(case=case).uuid)

    def makes(self, move: str) -> bool:
        """Whether a move on the own case is made by this outsider."""
        return move == "comment" if self.kind in PROGRAMS else move in OF_RESIDENTS


def outsider(kind: Kind, *, now: dt.datetime, since: dt.timedelta) -> Outsider:
    """Somebody of a kind; programs are the same each time, with a key that was made so long before ``now``."""
    if kind in PROGRAMS:
        return Outsider(kind, _program(PROGRAMS[kind], now - since))
    return Outsider(kind, resident(uuid.uuid4()) if kind == Kind.RESIDENT else None)


def _program(program: Program, at: dt.datetime) -> ApiKey:
    """Its key, made by the system administrator; what would have been shown is kept nowhere."""
    if found := ApiKey.objects.select_related("organization").filter(name=program.name).first():
        return found
    draft = ApiKey(name=program.name, purpose=program.purpose, active_from=at.date())
    draft.organization = Organization.objects.get(code=DISTRICT)
    make_key(draft, by=User.objects.get(username="xitong"), now=at)
    return draft
