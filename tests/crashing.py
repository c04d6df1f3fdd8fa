"""A process that answers requests of the site and dies at a named point of one, as by kill -9.

Run as a program it reads one request a line (JSON) and answers each from a child of its own, so that only the child
dies. Where it dies stands here, never in the program: statements are watched from outside.
"""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Point:
    """Before or after the first statement that looks like this; ``commit`` means the end of the transaction."""

    when: str
    what: str

    def is_reached(self, when: str, what: str) -> bool:
        return self.when == when and bool(re.search(self.what, what))


# fmt: off
POINTS = {
    "before the lock":         Point("before", "FOR UPDATE"),
    "after the lock":          Point("after",  "FOR UPDATE"),
    "after the leg's end":     Point("after",  'UPDATE "cases_assignment"'),
    "before the case":         Point("before", '(UPDATE|INSERT INTO) "cases_case"'),
    "after the case":          Point("after",  '(UPDATE|INSERT INTO) "cases_case"'),
    "after the event":         Point("after",  'INSERT INTO "cases_caseevent"'),
    "after the next leg":      Point("after",  'INSERT INTO "cases_assignment"'),
    "after the words":         Point("after",  'INSERT INTO "cases_casetext"'),
    "after the photos":        Point("after",  'UPDATE "cases_photo"'),
    "after the outbox":        Point("after",  'INSERT INTO "governance_outbox"'),
    "before the commit":       Point("before", "^commit$"),
    "after the commit":        Point("after",  "^commit$"),
}
#: Of an upload, whose files are written before its row.
UPLOADS = {
    "before the row":          Point("before", 'INSERT INTO "cases_photo"'),
    "after the row":           Point("after",  'INSERT INTO "cases_photo"'),
}
# fmt: on
#: After this the move is made, whether anybody heard of it or not.
MADE = {"after the commit"}


def arm(point: Point) -> None:
    """Let this process die when its database connection comes to a point of a move."""
    from django.db import connection

    is_move = False

    def passes(when: str, what: str) -> None:
        if point.is_reached(when, what):
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        nonlocal is_move
        passes("before", sql)
        answer = execute(sql, params, many, context)
        is_move = is_move or 'INSERT INTO "cases_caseevent"' in sql
        passes("after", sql)
        return answer

    commit = connection._commit

    def committing() -> None:
        if is_move:
            passes("before", "commit")
        commit()
        if is_move:
            passes("after", "commit")

    connection.execute_wrappers.append(watch)
    connection._commit = committing


def answer(asked: dict) -> dict:
    """Handle one request as the site does, with all its middleware."""
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client
    from django.test.client import MULTIPART_CONTENT

    if asked["point"]:
        arm((POINTS | UPLOADS)[asked["point"]])
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = asked["session"]
    headers = {"Idempotency-Key": asked["key"]}
    body, kind = asked["body"], "application/json"
    if "file" in body:
        file = SimpleUploadedFile("a.jpg", base64.b64decode(body["file"]))
        body, kind = body | {"file": file}, MULTIPART_CONTENT
    found = client.post(asked["path"], body, content_type=kind, headers=headers)
    return {"status": found.status_code, "body": json.loads(found.content)}


def serve() -> None:
    """Answer each line of the input; nothing is said where the child died."""
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    Client(SERVER_NAME="localhost").post("/api/v1/cases/")  # everything that is loaded once is loaded here
    connection.close()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(answer(json.loads(line))), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"died": os.WTERMSIG(status)}), flush=True)


class Crasher:
    """The client of that process: sends requests and learns what became of them."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def post(self, path: str, body: dict, *, session: str, key: str, point: str = "") -> dict:
        """``status`` and ``body`` of the answer, or ``died`` with the signal; a ``file`` in the body is base64."""
        asked = {"path": path, "body": body, "session": session, "key": key, "point": point}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def crasher() -> Iterator[Crasher]:
    """A process on the database of the running test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crashing"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "LOG_LEVEL": "CRITICAL", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools'}"},
        preexec_fn=machine.dies_with_parent(),
    )
    with process:
        yield Crasher(process)
        process.stdin.close()


if __name__ == "__main__":
    serve()
