"""People who write over HTTP whatever happens to the site, and a ledger of what they were answered."""

import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.test import Client

from cases.models import Leg
from cases.workflow import State
from demo.accounts import STAGE
from governance.models import User
from tests import people
from tests.lives import case_at, eligible_units, inside, row_for, settled_by
from tests.photos import jpeg

JSON = "application/json"
BOUNDARY = "----between-two-parts"
CSRF = "k" * 32
#: A write that gets no answer for so long is a finding (seconds); every outage of the test is shorter.
TIMEOUT_SECONDS = 120
#: How long one attempt may take (seconds).
ATTEMPT = 20


def session_of(user: User) -> str:
    """The cookie of somebody who has signed in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@dataclass
class Write:
    """One write: what was sent under which key as whom, and the answer that came in the end."""

    key: str
    path: str
    body: bytes
    kind: str
    by: str
    answer: dict = field(default_factory=dict)
    attempts: int = 0

    @property
    def is_photo(self) -> bool:
        return self.path == "/photos/"

    @property
    def said(self) -> dict:
        """The part of the answer that no later move changes."""
        return {name: self.answer[name] for name in ("uuid", "url")} if self.is_photo else self.answer


@dataclass
class Stage:
    """Sessions by user name, names by id, and what the moves of the stage's cases speak of."""

    sessions: dict[str, str]
    names: dict[int, str]
    category: int
    responsibility: int
    unit: int
    other_unit: int
    position: dict[str, float]

    @classmethod
    def set(cls) -> "Stage":
        """Sign in the people of the stage and whoever may be drawn there."""
        sample = case_at(State.REGISTERED)
        units = {unit.function: unit.pk for unit in eligible_units(sample)}
        around = User.objects.filter(posts__organization__code__in=[people.COMMUNITY, people.STREET])
        users = {user.username: user for user in [*around, *User.objects.filter(username__in=STAGE)]}
        longitude, latitude = inside()
        return cls(
            sessions={name: session_of(user) for name, user in users.items()},
            names={user.pk: name for name, user in users.items()},
            category=settled_by("community").pk,
            responsibility=row_for(sample).pk,
            unit=units.pop("property"),
            other_unit=next(iter(units.values())),
            position={"longitude": longitude, "latitude": latitude},
        )


class Caller:
    """One person's device: a connection that is opened again whenever it breaks."""

    def __init__(self, address: str, stage: Stage) -> None:
        self.host, self.stage = urlsplit(address).netloc, stage
        self.line: http.client.HTTPConnection | None = None

    def send(self, write: Write) -> tuple[int, dict]:
        """Status and body of one attempt; 0 where no answer came."""
        headers = {
            "Content-Type": write.kind,
            "Idempotency-Key": write.key,
            "X-CSRFToken": CSRF,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={self.stage.sessions[write.by]}; csrftoken={CSRF}",
        }
        try:
            self.line = self.line or http.client.HTTPConnection(self.host, timeout=ATTEMPT)
            self.line.request("POST", write.path, write.body, headers)
            answer = self.line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            return 0, {}
        is_json = JSON in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(text) if is_json else {"text": text.decode(errors="replace")[:500]}

    def send_until_answered(self, write: Write) -> int:
        """Send a write again, as it was, while there is no answer or one that says try later; returns the status."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            write.attempts += 1
            status, write.answer = self.send(write)
            if status in (200, 201):
                return status
            assert status == 0 or status >= 429, (write.path, status, write.answer, write.attempts)
            assert time.monotonic() < end, f"no answer to {write.path} but {status} {write.answer}"
            time.sleep(0.25)

    def hang_up(self) -> None:
        if self.line:
            self.line.close()
        self.line = None


class Writer(threading.Thread):
    """Reports cases and walks them, one after the other; sends each write again, as it was, until it is answered."""

    def __init__(self, address: str, stage: Stage, random: Random) -> None:
        super().__init__(daemon=True)
        self.caller, self.stage, self.random = Caller(address, stage), stage, random
        self.ledger: list[Write] = []
        self.has_to_stop = threading.Event()
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.has_to_stop.is_set():
                # Pictures take the time of a hundred moves: most cases go without.
                self.whole_life() if self.random.random() < 0.1 else self.short_life()
        except StopIteration:
            pass  # in the middle of a life
        except BaseException as problem:
            self.problem = problem
        finally:
            self.caller.hang_up()
            connection.close()

    # Writing

    def write(self, path: str, body: bytes, kind: str, by: str) -> dict:
        if self.has_to_stop.is_set():
            raise StopIteration
        write = Write(str(uuid.uuid4()), path, body, kind, by)
        self.caller.send_until_answered(write)
        self.ledger.append(write)
        return write.answer

    def photo(self, by: str) -> str:
        picture = jpeg(640, 480, f"#{self.random.randrange(1 << 24):06x}")
        head = 'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg'
        body = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.write("/photos/", body, f"multipart/form-data; boundary={BOUNDARY}", by)["uuid"]

    def report(self, **more: object) -> str:
        body = {"category": self.stage.category, "words": "楼道堆放杂物。", **self.stage.position, **more}
        return self.write("/api/v1/cases/", json.dumps(body).encode(), JSON, "wangge")["uuid"]

    def move(self, case: str, name: str, by: str, **body: object) -> None:
        self.write(f"/api/v1/cases/{case}/moves/{name}/", json.dumps(body).encode(), JSON, by)

    # Lives

    def short_life(self) -> None:
        case = self.report()
        self.move(case, "comment", "shequ", words="已联系物业。")
        self.move(case, "register", "shequ", responsibility=self.stage.responsibility)
        self.move(case, "return", "shequ", reason="请补充位置。")
        self.move(case, "register", "shequ", responsibility=self.stage.responsibility)
        self.move(case, "dispatch", "shequ", unit=self.stage.unit)
        self.move(
            case,
            "refuse",
            "wuye",
            refusal="not_ours",
            reason="不归我们管。",
            right_unit=self.stage.other_unit,
        )
        self.move(case, "dispatch", "shequ", unit=self.stage.unit)
        self.move(case, "accept", "wuye")
        self.move(case, "ask_void", "shequ", reason="重复上报。")
        self.move(case, "grant_void", "jielingdao")

    def whole_life(self) -> None:
        case = self.report(photos=[self.photo("wangge")])
        self.move(case, "register", "shequ", responsibility=self.stage.responsibility)
        self.move(case, "dispatch", "shequ", unit=self.stage.unit)
        self.move(case, "accept", "wuye")
        self.move(case, "feedback", "wuye", words="已清理。", photos=[self.photo("wuye")])
        checker = self.stage.names[drawn_for(case)]
        seen = {"words": "已看过现场。", "photos": [self.photo(checker)], **self.stage.position}
        self.move(case, "pass", checker, **seen)
        self.move(case, "close", "shequ", condition_met=True)
        self.move(case, "evaluate", "wangge", grade="5")


def drawn_for(case: str) -> int:
    """Who was drawn to check a case, as soon as the database says so."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return Leg.objects.get(case__uuid=case, stopped_at=None).person_id
        except (DatabaseError, InterfaceError):
            connection.close()
            assert time.monotonic() < end, "the database does not come back"
            time.sleep(0.2)
