"""Whistles that come again propose a change of the responsibility list; people decide it, once."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max

from cases.models import Category
from governance.actions import tell
from governance.models import User
from governance.roles import Duty, Role
from partybuilding.addresses import PROPOSALS
from partybuilding.models import Call, ListProposal, Whistle
from partybuilding.nominating import YEAR
from partybuilding.workflow import CallState, State
from records.given import text
from records.refusals import Forbidden, Refused, Stale

#: So many closed whistles of a category in a street within a year say that the list is wrong there (ours).
TIMES = 3
#: Who decides, of the district.
DECIDE = (Role.SECRETARY, Role.LEADER)
MOST_CHARACTERS = 200


def propose_change(whistle: Whistle, *, now: dt.datetime) -> ListProposal | None:
    """Propose a change where this whistle, just being closed, is one of several alike; its evidence grows with each.

    What was blown before the last decision is no evidence any more: it was weighed then.
    """
    if whistle.street_id is None:
        return None
    _lock_category(whistle.category_id)
    here = ListProposal.objects.filter(category=whistle.category_id, street=whistle.street_id)
    decided_at = here.aggregate(at=Max("decided_at"))["at"]
    since = now - YEAR if decided_at is None else max(now - YEAR, decided_at)
    assert whistle.blown_at is not None
    if whistle.blown_at <= since:
        return None
    alike = Whistle.objects.filter(
        category=whistle.category_id,
        street=whistle.street_id,
        state__in=[State.CLOSED, State.SCORED],
        blown_at__gt=since,
    )
    evidence = {whistle.pk, *alike.values_list("pk", flat=True)}
    if len(evidence) < TIMES:
        return None
    opened = {"whistles": [], "units": [], "district_id": whistle.district_id, "opened_at": now}
    proposal, is_new = here.select_for_update(of=("self",)).get_or_create(
        category_id=whistle.category_id,
        street_id=whistle.street_id,
        state=ListProposal.State.OPEN,
        defaults=opened,
    )
    proposal.whistles = sorted({*proposal.whistles, *evidence})
    proposal.units = _came_each_time(proposal.whistles)
    proposal.save(update_fields=["whistles", "units"])
    if is_new:
        asked = {"organization": whistle.district_id, "duty": Duty.BLOW, "asks": "请您研究修订建议"}
        subject = f"权责清单修订建议：{whistle.category.name}，近一年吹哨 {len(evidence)} 次"
        tell(subject, url=PROPOSALS, audience=[asked], now=now, verb="建议修订")
    return proposal


def _lock_category(category_id: int) -> None:
    """Let proposals and decisions of a category take turns; whoever only refers to the category does not wait.

    Of two whistles that are closed at the same moment neither would see the other, and one that is closed while a proposal
    is being decided would propose again what was weighed just then. Always before the proposal.
    """
    Category.objects.select_for_update(no_key=True).get(pk=category_id)


def _came_each_time(whistles: Iterable[int]) -> list[int]:
    """Units that finished their part in every whistle in which any did."""
    came: dict[int, set[int]] = {}
    rows = Call.objects.filter(whistle__in=list(whistles), state=CallState.FINISHED)
    for whistle_id, unit_id in rows.values_list("whistle", "unit"):
        came.setdefault(whistle_id, set()).add(unit_id)
    return sorted(set.intersection(*came.values())) if came else []


def why_not_decide(proposal: ListProposal, by: User) -> Refused | None:
    """Why somebody may not decide a proposal, or not any more."""
    if proposal.state != ListProposal.State.OPEN:
        return Stale(f"这条建议已决定：{proposal.get_state_display()}。")
    district = proposal.district_id
    if any(post.role in DECIDE and post.organization_id == district for post in by.authority.posts):
        return None
    return Forbidden("修订建议由区书记或区领导决定。")


@transaction.atomic
def decide(proposal_id: int, *, is_adopted: bool, note: str, by: User, now: dt.datetime) -> ListProposal:
    """Adopt or dismiss a proposal, once; who decides the same with the same words again is answered as before.

    The list itself is changed in the configuration.

    Raises ``ListProposal.DoesNotExist`` out of scope, ``Forbidden``, ``Stale`` or ``Unfit``.
    """
    visible = ListProposal.objects.visible_to(by)
    _lock_category(visible.get(pk=proposal_id).category_id)
    proposal = visible.select_for_update(of=("self",)).get(pk=proposal_id)
    decided = ListProposal.State.ADOPTED if is_adopted else ListProposal.State.DISMISSED
    note = note.strip()
    if (proposal.state, proposal.decided_by_id, proposal.note) == (decided, by.pk, note):
        return proposal
    if refusal := why_not_decide(proposal, by):
        raise refusal
    text("note", "说明", most=MOST_CHARACTERS)(note, proposal)
    proposal.state, proposal.note = decided, note
    proposal.decided_by, proposal.decided_at = by, now
    proposal.save(update_fields=["state", "decided_by", "decided_at", "note"])
    told = {"organization": proposal.street_id, "duty": Duty.BLOW}
    subject = f"权责清单修订建议：{proposal.category.name}"
    tell(subject, url=PROPOSALS, audience=[told], now=now, verb=proposal.get_state_display())
    return proposal
