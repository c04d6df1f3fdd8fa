from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import timezone

from governance.profile import profile


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "人员与组织"

    def ready(self) -> None:
        from governance import checks  # noqa: F401  (registers them)

        profile()  # a place that is not understood is said at the start
        user_logged_in.connect(begin_session, dispatch_uid="governance.sessions")


def begin_session(sender: type, request: HttpRequest, user: object, **_: object) -> None:
    """Whoever signs in, by whatever way."""
    from governance import kept_forms, sessions

    now = timezone.now()
    sessions.begin(request, user, now=now)
    kept_forms.find(request, user, now=now)
