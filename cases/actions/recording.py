"""What every move writes: the case row, words, photos, the chained event and the outbox."""

import uuid

from django.db.models import Case as Choice
from django.db.models import CharField, Value, When

from cases import waiting
from cases.actions.notices import tell_about
from cases.actions.once import Answer
from cases.actions.walk import Walk, columns
from cases.models import Case, CaseEvent, CaseText, Photo
from cases.waits import waits_for
from cases.workflow import Lateness
from governance import modules
from governance.models import Actor
from records import chain
from records.refusals import Unfit

#: Answers that are words; one text a move, kept apart from the event.
WORDS = ("words", "reason")
#: What the photos of a move show; elsewhere they show the site.
PHOTO_KINDS = {
    "feedback": Photo.Kind.AFTER,
    "found": Photo.Kind.CHECK,
    "not_found": Photo.Kind.CHECK,
    "pass": Photo.Kind.CHECK,
    "fail": Photo.Kind.CHECK,
}


def record(walk: Walk, *, key: uuid.UUID, wanted: tuple[str, ...]) -> Answer:
    """Write a move down, after its effect; returns what is said of it."""
    case, given = walk.case, walk.given
    if walk.leg is None:
        case.due_at, case.lateness = None, Lateness.NONE
    waits = waits_for(case, walk.leg, walk.open_requests.values(), walk.order, walk.giver_level)
    case.waits_for = waiting.marks(waits, has_order=walk.order is not None)
    body = next((given[name] for name in WORDS if given.get(name)), "")
    salt, digest = chain.text_digest(body) if body else ("", "")
    photos = _photos(walk)
    if photos:
        walk.facts["photos"] = sorted(str(uid) for uid in photos)
    if given.get("position") and walk.before is not None:  # where a new case lies is on its row
        walk.facts["position"] = given["position"]
    event = CaseEvent(
        key=key,
        request_digest=wanted[0],
        case=case,
        sequence=case.version,
        at=walk.now,
        move=walk.move.name,
        before=walk.before or "",
        after=case.state,
        **walk.actor.columns,
        loop=case.loop,
        centre_id=case.centre_id,
        unit_id=case.unit_id,
        data=chain.canonical(walk.facts),
        text_digest=digest,
        previous=case.chain_head,
    )
    event.digest = case.chain_head = chain.digest(event)
    if case.pk is None:
        case.save(force_insert=True)
    else:
        case.save(update_fields=[name for name, value in columns(case).items() if value != walk.found[name]])
    event.case = case  # again: a new case has its id only now
    event.save(force_insert=True)
    if walk.leg is not None and walk.leg.pk is None:
        walk.leg.case = case
        walk.leg.save(force_insert=True)
    for row in walk.rows:
        row.save(force_insert=True)
    if body:
        CaseText(case=case, sequence=case.version, body=body, salt=salt).save(force_insert=True)
    if photos:
        claim(photos, case=case, actor=walk.actor)
    tell_about(walk)
    modules.heard(walk.move.name, walk)
    return Answer(case.uuid, case.pk, case.number, walk.move.name, case.state, case.version)


def _photos(walk: Walk) -> dict[uuid.UUID, Photo.Kind]:
    """Photos given with a move, and what they show."""
    usual = PHOTO_KINDS.get(walk.move.name, Photo.Kind.SITE)
    fields = {"photos": usual, "before_photo": Photo.Kind.BEFORE, "after_photo": Photo.Kind.AFTER}
    return {uid: kind for name, kind in fields.items() for uid in walk.given.get(name) or []}


def claim(photos: dict[uuid.UUID, Photo.Kind], *, case: Case, actor: Actor) -> None:
    """Give uploaded photos to the case; each must be the actor's own and not taken yet."""
    # One statement for all kinds: two moves that want the same photos lock them in the same order.
    shows = [When(uuid=uid, then=Value(kind)) for uid, kind in photos.items()]
    free = Photo.objects.filter(uuid__in=photos, case=None, **actor.columns)
    taken = free.update(case=case, sequence=case.version, kind=Choice(*shows, output_field=CharField()))
    if taken != len(photos):
        raise Unfit("有照片未上传成功或已被使用，请重新拍照。", field="photos")
