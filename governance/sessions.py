"""How long somebody stays signed in: 12 hours at most; 30 minutes without activity, except in the field.

Which face a session is on is kept on the server, where no client can change it. Times are seconds since
1970.
"""

import datetime as dt

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from governance.faces import FACES, faces_of, first_face, is_phone
from governance.models import User

LONGEST = dt.timedelta(hours=12)
IDLE = dt.timedelta(minutes=30)
#: The last activity is written this seldom; somebody idle is signed out up to this much earlier, never later.
WRITTEN_EVERY = dt.timedelta(minutes=5)
#: Sent by scripts with what they ask for by themselves: a page that renews itself is no activity.
BY_ITSELF = "X-By-Itself"

_BEGUN, _SEEN, _FACE = "begun", "seen", "face"
_NAMES = {face for faces in FACES.values() for face in faces}


def begin(request: HttpRequest, user: User, *, now: dt.datetime) -> None:
    """Start counting for a person who has just signed in."""
    if _BEGUN in request.session:  # Django goes on with the key of the person's session that is over
        request.session.cycle_key()
    posts = User(pk=user.pk).authority.posts  # as they are now, whatever the object remembers
    request.session[_BEGUN] = request.session[_SEEN] = int(now.timestamp())
    request.session[_FACE] = first_face((post.role for post in posts), on_phone=is_phone(request.headers))


def face(request: HttpRequest) -> str:
    """The face this session was last on; in the beginning the home of the person's post."""
    return request.session.get(_FACE, "")


def is_over(request: HttpRequest, *, now: dt.datetime) -> bool:
    """Whether this session may no longer be used for this address."""
    session = request.session
    if SESSION_KEY not in session or _BEGUN not in session:
        return False
    if now.timestamp() - session[_BEGUN] >= LONGEST.total_seconds():
        return True
    if now.timestamp() - session[_SEEN] < IDLE.total_seconds():
        return False
    return not (session[_FACE] == "field" and _face_of(request) in ("field", ""))


def see(request: HttpRequest, *, now: dt.datetime) -> None:
    """Note an activity of the person who is signed in; mostly without a statement."""
    session = request.session
    if SESSION_KEY not in session or is_by_itself(request):
        return
    if _BEGUN not in session:  # from before these rules
        begin(request, request.user, now=now)
    if now.timestamp() - session[_SEEN] >= WRITTEN_EVERY.total_seconds():
        session[_SEEN] = int(now.timestamp())
    here = _face_of(request)
    if here and here != session[_FACE] and _opens(request.user, here):
        session[_FACE] = here


def is_by_itself(request: HttpRequest) -> bool:
    """Whether a page asked, and not a person."""
    return BY_ITSELF in request.headers or "prefetch" in request.headers.get("Sec-Purpose", "")


def _face_of(request: HttpRequest) -> str:
    """The face that an address belongs to; some belong to all."""
    first = request.path_info.split("/", 2)[1]
    return first if first in _NAMES else ""


def _opens(user: User | AnonymousUser, wanted: str) -> bool:
    return user.is_authenticated and wanted in faces_of(post.role for post in user.authority.posts)
