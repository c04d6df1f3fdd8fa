"""Files that somebody asked for, and that the worker has made."""

import uuid

from django.http import QueryDict
from django.utils import timezone

from exports import actions, making
from exports.models import Export
from governance.models import User
from tests import people


def asked(by: User | None = None, query: str = "queue=all", of: str = "cases") -> Export:
    return actions.ask(uuid.uuid4(), of, QueryDict(query), by=by or people.clerk(), now=timezone.now())


def ready(export: Export) -> Export:
    """The file, made by the worker's own function."""
    assert making.work(now=timezone.now()) == 1
    export.refresh_from_db()
    assert export.state == Export.State.READY
    return export
