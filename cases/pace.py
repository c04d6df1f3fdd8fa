"""How fast a program may go: one with a fault must not fill the queue of a desk."""

import datetime as dt

from cases.models import CaseEvent, Photo
from cases.rule_numbers import PROGRAM_A_MINUTE
from governance.models import ApiKey
from records.refusals import TooFast

MINUTE = dt.timedelta(minutes=1)


def one_at_a_time(program: ApiKey | None) -> None:
    """Let a program do one thing at a time, until this transaction ends: what it does at once is counted one by one."""
    if program:
        ApiKey.objects.select_for_update(no_key=True).values("pk").get(pk=program.pk)


def too_fast(program: ApiKey, now: dt.datetime) -> TooFast | None:
    """Why a program has to wait, if it has reported, said and uploaded too much within a minute.

    A server whose clock is a little ahead counts too; what is done at a later time altogether does not.
    """
    around = (now - MINUTE, now + MINUTE)
    moves = CaseEvent.objects.filter(program=program, at__range=around).count()
    uploads = Photo.objects.filter(program=program, uploaded_at__range=around).count()
    if moves + uploads < PROGRAM_A_MINUTE:
        return None
    return TooFast(
        f"每个对接系统一分钟内最多办理 {PROGRAM_A_MINUTE} 次（上报、留言、上传照片），请稍后再试。"
    )
