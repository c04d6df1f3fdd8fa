from governance.models.notices import Notice, Outbox
from governance.models.organizations import Function, Kind, Level, Organization
from governance.models.people import AccessLog, Post, User

__all__ = ["AccessLog", "Function", "Kind", "Level", "Notice", "Organization", "Outbox", "Post", "User"]
