"""Small tasks 小任务: the community gives one to neighbourhoods, and each leader answers once."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.actions import tell
from governance.models import Organization, User
from governance.roles import Duty
from neighbourhoods.models import (
    MOST_CHARACTERS,
    AskedNeighbourhood,
    Neighbourhood,
    NeighbourhoodLeader,
    SmallTask,
    gives_in,
)
from records.given import choice, text
from records.refusals import Forbidden, KeyReused, Stale, Unfit

#: A small task is due within so many days (ours): what takes longer is a case or a plan.
LONGEST = dt.timedelta(days=60)
#: Where leaders answer and where the community looks.
LEADERS_PAGE, COMMUNITYS_PAGE = "/field/neighbourhood/", "/desk/tasks/"


def give(
    *,
    by: User,
    now: dt.datetime,
    key: uuid.UUID,
    community: Organization,
    words: str,
    due_on: dt.date,
    neighbourhoods: Iterable[Neighbourhood],
) -> SmallTask:
    """Give a small task to neighbourhoods of a community; the same sent again is done once.

    Raises ``Forbidden`` for who gives none there, ``Unfit`` at the field, ``KeyReused`` for a key with other content.
    """
    today, asked, words = timezone.localdate(now), {one.pk for one in neighbourhoods}, words.strip()
    if community.pk not in {one.pk for one in gives_in(by)}:
        raise Forbidden("小任务由本社区的坐席或社区工作者布置。")
    wanted = (community.pk, by.pk, words, due_on, asked)
    if before := SmallTask.objects.filter(uuid=key).first():
        return _same(before, wanted)
    text("words", "要做的事", most=MOST_CHARACTERS)(words, None)
    if not today <= due_on <= today + LONGEST:
        raise Unfit(f"截止日期须在今天起 {LONGEST.days} 天之内。", field="due_on")
    here = Neighbourhood.objects.active(today).filter(grid__community=community)
    if not asked or not asked <= set(here.values_list("pk", flat=True)):
        raise Unfit("请选择本社区的楼组。", field="neighbourhoods")
    unled = here.filter(pk__in=asked).exclude(pk__in=here.led(today).values("pk"))
    if names := "、".join(unled.values_list("name", flat=True)):
        raise Unfit(f"{names}还没有负责人，不能布置小任务，请由社区自己办。", field="neighbourhoods")
    try:
        with transaction.atomic():
            task = SmallTask.objects.create(
                uuid=key, community=community, words=words, due_on=due_on, given_by=by, given_at=now
            )
            AskedNeighbourhood.objects.bulk_create(
                AskedNeighbourhood(task=task, neighbourhood_id=pk) for pk in sorted(asked)
            )
            _tell_leaders(task, asked, now)
    except IntegrityError:  # the same key at the same time
        return _same(SmallTask.objects.get(uuid=key), wanted)
    return task


def _same(task: SmallTask, wanted: tuple) -> SmallTask:
    asked = set(task.asked.values_list("neighbourhood", flat=True))
    if (task.community_id, task.given_by_id, task.words, task.due_on, asked) != wanted:
        raise KeyReused("这张表单已经提交过，内容不同，没有再办。")
    return task


def _tell_leaders(task: SmallTask, asked: set[int], now: dt.datetime) -> None:
    leading = NeighbourhoodLeader.objects.current(timezone.localdate(now)).filter(neighbourhood__in=asked)
    people = sorted(set(leading.values_list("user", flat=True)))
    desk = {"organization": task.community_id, "duty": Duty.INTAKE}
    audience = [{"user": person, "asks": "请办小任务"} for person in people]
    tell(task.words, url=LEADERS_PAGE, audience=audience, now=now, verb="小任务", instead=desk)


@transaction.atomic
def answer(asked_id: int, *, by: User, now: dt.datetime, said: str, words: str) -> AskedNeighbourhood:
    """Answer a small task of a neighbourhood that the person leads, once; the same sent again is answered as before.

    Raises ``AskedNeighbourhood.DoesNotExist`` out of scope, ``Stale`` where it was answered otherwise, ``Unfit`` at the field.
    """
    words = words.strip()
    mine = AskedNeighbourhood.objects.visible_to(by, timezone.localdate(now))
    rows = mine.select_for_update(of=("self",)).select_related("task", "neighbourhood")
    found = rows.get(pk=asked_id)
    if found.answer:
        if (found.answered_by_id, found.answer, found.words) == (by.pk, said, words):
            return found
        raise Stale(f"这件小任务已经回复过：{found.get_answer_display()}。")
    choice("answer", AskedNeighbourhood.Answer.values, "请选择已办或办不了。")(said, None)
    text("words", "说明", most=MOST_CHARACTERS)(words, None)
    found.answer, found.words, found.answered_by, found.answered_at = said, words, by, now
    found.save(update_fields=["answer", "words", "answered_by", "answered_at"])
    if said == AskedNeighbourhood.Answer.CANNOT:
        subject = f"{found.neighbourhood} {found.task.words}"
        desk = [{"user": found.task.given_by_id}]
        tell(subject, url=COMMUNITYS_PAGE, audience=desk, now=now, verb="小任务办不了")
    return found
