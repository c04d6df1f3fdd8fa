"""Who else of those at work on a case has it open now: a hint that lives a minute in Redis and is never written down.

Whoever may read a case alone, as auditors do, neither stands there nor is told: who is looked at learns nothing of it.
Nothing depends on it: without Redis nobody is seen, and the status page says that Redis is away.
"""

import datetime as dt
from functools import cache

from django.conf import settings
from redis import Redis, RedisError

from cases.models import Case, Leg
from cases.permissions import duties_on
from governance.models import User
from governance.roles import Duty

#: Seconds after which somebody who no longer says so is gone.
SEEN_FOR = 60
#: Nobody waits for a hint.
LONGEST = 0.3


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=LONGEST, socket_timeout=LONGEST)


def _key(case: Case) -> str:
    return f"desk:open:{case.uuid}"


def see(case: Case, user: User, *, now: dt.datetime) -> list[str]:
    """Say that a person has a case open, and return the names of the others who have, in the order of the names.

    Of people with a duty on the case now. All see the case: the caller has asked for it among the visible.
    """
    leg = Leg.objects.open().filter(case=case).first()
    if not duties_on(case, leg, user) - {Duty.ANYONE}:
        return []
    key, at = _key(case), now.timestamp()
    try:
        with _redis().pipeline() as line:
            line.zremrangebyscore(key, "-inf", at - SEEN_FOR)
            line.zadd(key, {str(user.pk): at})
            line.expire(key, SEEN_FOR)
            line.zrange(key, 0, -1)
            there = line.execute()[-1]
    except RedisError:
        return []
    others = {int(one) for one in there} - {user.pk}
    return sorted(User.objects.filter(pk__in=others).values_list("name", flat=True)) if others else []
