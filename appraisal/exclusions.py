"""Leaving a case out of the figures shown beside the raw ones 剔除: asked by one person, agreed to by two others, ended by a leader.

What was asked, agreed to and ended stays in sight, and the raw figure stays what it is.
"""

import datetime as dt

from django.db import transaction

from appraisal.models import Exclusion, ExclusionDecision
from cases.loops import commanding_ids, lowest
from cases.models import Case
from cases.models.case import page_of
from cases.workflow import UNREGISTERED, Loop, State
from governance.actions import tell
from governance.models import User
from governance.roles import Duty, Role
from records.given import text
from records.refusals import Forbidden, Refused, Stale, Unfit

MOST_CHARACTERS = 200
#: Cases that no rate is about.
_NEVER_REGISTERED = (*UNREGISTERED, State.DECLINED)
_Verdict, _State = ExclusionDecision.Verdict, Exclusion.State
#: What becomes of an exclusion by a verdict, from the state in which it may be given.
_NEXT = {
    (_State.ASKED, _Verdict.AGREE): _State.AGREED,
    (_State.ASKED, _Verdict.REFUSE): _State.DENIED,
    (_State.AGREED, _Verdict.AGREE): _State.GRANTED,
    (_State.AGREED, _Verdict.REFUSE): _State.DENIED,
    (_State.GRANTED, _Verdict.END): _State.ENDED,
}


def _leads(case: Case, user: User) -> bool:
    """Whether somebody leads a territory in which the case lies."""
    return any(place and user.authority.holds(Duty.LEAD, place) for place in commanding_ids(case, lowest()))


def _above(case: Case) -> list[int]:
    """Territories that command above the loop of a case, the nearest last; the top one has nothing above it."""
    own = [place for place in commanding_ids(case, Loop(case.loop)) if place]
    return own[:-1] or own


def _commands(case: Case, user: User) -> bool:
    """Whether somebody is chief of the centre that has the case, or of one above."""
    places = [case.centre_id, *commanding_ids(case, Loop(case.loop))]
    return any(place and user.authority.holds(Duty.CHIEF, place) for place in places)


# Asking ------------------------------------------------------------------------------------------------------------


def why_not_ask(case: Case, by: User) -> Refused | None:
    """Why somebody may not ask that a case is left out; whether one is under way already, the row lock decides."""
    holds = by.authority.holds
    may = (
        any(case.unit_id and holds(duty, case.unit_id) for duty in (Duty.HANDLE, Duty.HEAD))
        or holds(Duty.CHIEF, case.centre_id)
        or any(
            post.role == Role.CLERK and post.organization_id == case.community_id
            for post in by.authority.posts
        )
    )
    if not may:
        return Forbidden("剔除由承办单位的处置人员、负责人，或本社区坐席、本中心值班长申请。")
    if case.state in _NEVER_REGISTERED:
        return Refused("立案的案件才能申请剔除。")
    return None


@transaction.atomic
def ask(case_id: int, *, ground: str, words: str, by: User, now: dt.datetime) -> Exclusion:
    """Ask that a case is left out of adjusted figures; the same person with the same words is answered as before.

    Raises ``Case.DoesNotExist`` out of scope, ``Forbidden``, ``Stale`` where one is under way, ``Refused`` or ``Unfit``.
    """
    visible = Case.objects.visible_to(by)
    # Who asks takes turns by the lock of the case; nothing of it is changed.
    case = Case.objects.select_for_update(no_key=True).get(pk=visible.get(pk=case_id).pk)
    if refusal := why_not_ask(case, by):
        raise refusal
    words = words.strip()
    running = Exclusion.objects.filter(case=case, state__in=Exclusion.RUNNING).first()
    if running and (running.asked_by_id, running.ground, running.words) == (by.pk, ground, words):
        return running
    if running:
        raise Stale(f"这件案件已有剔除申请：{running.get_state_display()}。")
    if ground not in Exclusion.Ground.values:
        raise Unfit("请选择事由。", field="ground")
    text("words", "说明", most=MOST_CHARACTERS)(words, case)
    made = Exclusion.objects.create(case=case, ground=ground, words=words, asked_by=by, asked_at=now)
    _tell(made, case, "申请剔除", _to_agree(made, case, Duty.CHIEF, case.centre_id), now)
    return made


# Agreeing, refusing, ending ----------------------------------------------------------------------------------------


def _never(exclusion: Exclusion, case: Case) -> list[int]:
    """Who never agrees: who asked, reported or handled."""
    return sorted({exclusion.asked_by_id, *case.never_check})


def verdicts(exclusion: Exclusion) -> list[ExclusionDecision.Verdict]:
    """What may be said of an exclusion in its state, by whoever may."""
    return [verdict for state, verdict in _NEXT if state == exclusion.state]


def why_not_decide(exclusion: Exclusion, verdict: str, by: User) -> Refused | None:
    """Why somebody may not say this about an exclusion now; its case and its decisions are looked at."""
    case, state = exclusion.case, Exclusion.State(exclusion.state)
    leads = _leads(case, by)
    if not leads and not _commands(case, by):
        return Forbidden("剔除由本级或上级的值班长、领导决定。")
    if (state, verdict) not in _NEXT:
        return Stale(f"这项剔除现在是：{state.label}。")
    if verdict == _Verdict.END:
        return None if leads else Forbidden("恢复计入由领导决定。")
    if by.pk in _never(exclusion, case):
        return Forbidden("申请人、上报人和处置人不能决定这件的剔除。")
    if any(one.by_id == by.pk for one in exclusion.decisions.all()):
        return Forbidden("您已表示过意见，须由另一人决定。")
    if state == _State.AGREED and not any(by.authority.holds(Duty.LEAD, place) for place in _above(case)):
        return Forbidden("第二人须是上一级的领导。")
    return None


def sayable(exclusion: Exclusion, by: User) -> tuple[list[ExclusionDecision.Verdict], Refused | None]:
    """What somebody may say about an exclusion now; where it is nothing, why."""
    wanted = verdicts(exclusion) or list(_Verdict)
    refusals = {verdict: why_not_decide(exclusion, verdict, by) for verdict in wanted}
    may = [verdict for verdict, refusal in refusals.items() if refusal is None]
    return may, None if may else refusals[wanted[0]]


@transaction.atomic
def decide(exclusion_id: int, *, verdict: str, reason: str, by: User, now: dt.datetime) -> ExclusionDecision:
    """Agree, refuse or end, with a reason; the same person with the same words is answered as before.

    Raises ``Exclusion.DoesNotExist`` out of scope, ``Forbidden``, ``Stale`` or ``Unfit``.
    """
    visible = Exclusion.objects.visible_to(by)
    rows = Exclusion.objects.select_for_update(no_key=True, of=("self",)).select_related("case")
    exclusion = rows.get(pk=visible.get(pk=exclusion_id).pk)
    reason = reason.strip()
    given = {"verdict": verdict, "reason": reason, "by": by}
    if before := exclusion.decisions.filter(**given).first():
        return before
    if refusal := why_not_decide(exclusion, verdict, by):
        raise refusal
    text("reason", "理由", most=MOST_CHARACTERS)(reason, exclusion)
    decision = ExclusionDecision.objects.create(exclusion=exclusion, at=now, **given)
    exclusion.state = _NEXT[_State(exclusion.state), _Verdict(verdict)]
    exclusion.save(update_fields=["state"])
    _tell(exclusion, exclusion.case, exclusion.get_state_display(), _concerned(exclusion, by), now)
    return decision


def _concerned(exclusion: Exclusion, by: User) -> list[dict]:
    """Leaders who are to agree as the second person, else who asked."""
    case = exclusion.case
    if exclusion.state != _State.AGREED:
        return [{"user": exclusion.asked_by_id}]
    return _to_agree(exclusion, case, Duty.LEAD, _above(case)[-1], by.pk)


def _to_agree(exclusion: Exclusion, case: Case, duty: Duty, place: int, *others: int) -> list[dict]:
    never = sorted({*_never(exclusion, case), *others})
    return [{"organization": place, "duty": duty, "never": never, "asks": "请您决定是否剔除"}]


def _tell(exclusion: Exclusion, case: Case, verb: str, audience: list[dict], now: dt.datetime) -> None:
    desk = {"organization": case.centre_id, "duty": Duty.INTAKE}
    subject = f"{case.number} {exclusion.get_ground_display()}"
    tell(subject, url=page_of(case.uuid), audience=audience, now=now, verb=verb, instead=desk)
