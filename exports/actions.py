"""Asking for a file, dropping it, taking it, and what happens to files whose time is over."""

import datetime as dt
import uuid
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import QueryDict

from exports.models import FOLDER, Export, posts_digest
from exports.sources import source
from governance.actions import log_access
from governance.models import User
from records.refusals import Forbidden, KeyReused, Refused

KEPT = dt.timedelta(days=7)
#: So many files a person has under way at once, and so many lie there.
MOST_WAITING, MOST_KEPT = 3, 20
#: A file without a row is of somebody who dropped it while it was written.
ORPHAN = dt.timedelta(hours=1)
MOVED = "申请这份文件之后您的岗位有变动，请按现在的岗位重新导出。"


@transaction.atomic
def ask(key: uuid.UUID, of: str, query: QueryDict, *, by: User, now: dt.datetime) -> Export:
    """Have a list written into a file; the same key is answered as before.

    Raises ``LookupError`` for no such list, ``Refused`` for a person with too many, ``KeyReused`` for another list.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # of two tabs one asks first
    own = Export.objects.visible_to(by)
    if before := own.filter(uuid=key).first():
        if (before.source, before.query) != (of, query.urlencode()):
            raise KeyReused("同一标识已用于另一份清单，没有再导出。")
        return before
    if own.unfinished().count() >= MOST_WAITING:
        raise Refused(f"您已有 {MOST_WAITING} 份文件在生成，请等其中一份完成后再申请。")
    if own.count() >= MOST_KEPT:
        raise Refused(f"您已存有 {MOST_KEPT} 份文件，请先删除不用的。")
    made = Export.objects.create(
        uuid=key,
        by=by,
        posts=posts_digest(by),
        source=of,
        name=source(of).name(by, query)[:80],
        query=query.urlencode(),
        asked_at=now,
        expires_at=now + KEPT,
    )
    log_access(f"{of}:export_asked", by=by, reason=f"申请导出：{made.query}"[:200], now=now)
    return made


def drop(export: Export) -> None:
    """End a file that is being made, or delete one that lies there; its worker sees it at the next part."""
    export.delete()
    export.path.unlink(missing_ok=True)


def take(export: Export, *, by: User, now: dt.datetime) -> Path:
    """Where the file lies, for who asked and still holds the same posts; written down. Raises ``Forbidden``, ``Refused``."""
    if export.state != Export.State.READY:
        raise Refused("文件还没有生成。")
    if export.posts != posts_digest(by):
        raise Forbidden(MOVED)
    log_access(
        f"{export.source}:export", by=by, reason=f"下载 {export.total} 行：{export.query}"[:200], now=now
    )
    return export.path


def forget_old(*, now: dt.datetime) -> int:
    """Delete files whose time is over, and those without a row; returns how many rows went."""
    old = list(Export.objects.filter(expires_at__lt=now))
    for export in old:
        drop(export)
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    if folder.exists():
        for file in folder.iterdir():
            age = now.timestamp() - file.stat().st_mtime
            if age > ORPHAN.total_seconds() and not Export.objects.filter(uuid=_key(file)).exists():
                file.unlink(missing_ok=True)
    return len(old)


def _key(file: Path) -> uuid.UUID:
    try:
        return uuid.UUID(file.name.split(".")[0])
    except ValueError:
        return uuid.UUID(int=0)
