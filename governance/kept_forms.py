"""A form that was sent after the session had ended: it comes back filled when the same person has signed in again.

Only views that are marked keep their forms. Nothing is ever sent by itself, and nobody else sees what was kept.
"""

import datetime as dt
from collections.abc import Callable

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from governance import secrets
from governance.models import KeptForm, User
from governance.responses import wants_json

#: How long, how much (bytes; the longest notice of the calendar takes 180 kB) and how many for one person.
LIFETIME = dt.timedelta(hours=1)
MOST_BYTES = 256 * 1024
MOST_FORMS = 3
WAITING = "这是登录过期前填写的内容，还没有提交。请核对后再提交。"
_IN_SESSION = "kept_forms"
_NEVER = {"csrfmiddlewaretoken", "password", "password1", "password2"}

Read = Callable[[HttpRequest], QueryDict]
View = Callable


def keeps_form(read: Read = lambda request: request.POST) -> Callable[[View], View]:
    """Mark a view whose form is kept; ``read`` gives its data, with files stored and named by their ids.

    The view shows on GET what ``kept`` gives it.
    """

    def mark(view: View) -> View:
        view.read_form = read
        return view

    return mark


def keeps(view: View) -> bool:
    """Whether a view shows a late form again."""
    return hasattr(view, "read_form")


def is_keepable(request: HttpRequest, view: View) -> bool:
    """Whether this is a person's form, sent to a view that keeps it."""
    return request.method == "POST" and keeps(view) and not wants_json(request)


def keep(request: HttpRequest, view: View, user: User, *, now: dt.datetime) -> bool:
    """Keep the form of this request for a person; False when it is too long."""
    asker, request.user = request.user, user  # whose photos they become
    try:
        data = view.read_form(request).copy()
    finally:
        request.user = asker
    for name in _NEVER:
        data.pop(name, None)
    text = data.urlencode()
    if len(text) > MOST_BYTES or len(request.path) > 200:
        return False
    KeptForm.objects.update_or_create(
        user=user, path=request.path, defaults={"sealed": secrets.seal(text), "at": now}
    )
    newest = user.kept_forms.order_by("-at", "-pk").values("pk")[:MOST_FORMS]
    user.kept_forms.exclude(pk__in=newest).delete()
    return True


def of(user: User, *, now: dt.datetime) -> QuerySet[KeptForm]:
    """What is kept for a person."""
    return user.kept_forms.filter(at__gt=now - LIFETIME)


def find(request: HttpRequest, user: User, *, now: dt.datetime) -> None:
    """Note in the session of somebody who has just signed in which pages have something for them."""
    if paths := list(of(user, now=now).values_list("path", flat=True)):
        request.session[_IN_SESSION] = paths


def kept(request: HttpRequest) -> QueryDict | None:
    """What this person had filled in on the page that is asked for; ``is_kept`` on it lets templates say so."""
    if request.method != "GET" or request.path not in request.session.get(_IN_SESSION, ()):
        return None
    if not hasattr(request, "kept_form"):
        row = KeptForm.objects.filter(user=request.user, path=request.path).first()
        request.kept_form = QueryDict(secrets.unseal(row.sealed), mutable=True) if row else None
        if row:
            request.kept_form.is_kept = True
    return request.kept_form


def forget(request: HttpRequest) -> None:
    """The form of this page was taken: what was kept of it is removed."""
    paths = request.session.get(_IN_SESSION, ())
    if request.user.is_authenticated and request.path in paths:
        request.session[_IN_SESSION] = [path for path in paths if path != request.path]
        KeptForm.objects.filter(user=request.user, path=request.path).delete()


def forget_old(*, now: dt.datetime) -> None:
    """Remove what nobody came back for."""
    KeptForm.objects.filter(at__lte=now - LIFETIME).delete()
