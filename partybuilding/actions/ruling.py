"""Rules of whistles are dated rows: what is in force is ended and followed, never changed."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from partybuilding.models import WhistleRule
from records.refusals import Unfit


@transaction.atomic
def set_rule(rule: WhistleRule, *, on: dt.date) -> WhistleRule:
    """Write a rule that begins today or later; the one before it ends where it begins, and it ends where one follows.

    Raises ``Unfit`` for a day that is over.
    """
    if rule.valid_from < on:
        raise Unfit("生效日期不能早于今天：已吹的哨按当时的规则。", field="valid_from")
    others = WhistleRule.objects.select_for_update(of=("self",)).of(rule.district_id, rule.kind)
    others = others.exclude(pk=rule.pk)
    still = Q(valid_until=None) | Q(valid_until__gt=rule.valid_from)
    others.filter(still, valid_from__lt=rule.valid_from).update(valid_until=rule.valid_from)
    following = others.filter(valid_from__gt=rule.valid_from).order_by("valid_from").first()
    if following is not None and (rule.valid_until is None or rule.valid_until > following.valid_from):
        rule.valid_until = following.valid_from
    rule.save()
    return rule


def end_rule(rule: WhistleRule, *, last: dt.date, on: dt.date) -> WhistleRule:
    """End a rule on a day, from which on it does not hold; raises ``Unfit`` for a day that is over."""
    if last < on:
        raise Unfit("终止日期不能早于今天：已吹的哨按当时的规则。", field="valid_until")
    rule.valid_until = last
    rule.save(update_fields=["valid_until"])
    return rule
