from governance.models.actors import SYSTEM, Actor, ApiKey, By, DoneBy, actor_of, resident
from governance.models.heartbeats import Heartbeat
from governance.models.kept_forms import KeptForm
from governance.models.kinds import CommunityKind
from governance.models.notices import Notice, Outbox
from governance.models.organizations import Function, Kind, Level, Organization
from governance.models.people import AccessLog, Post, User
from governance.models.phones import StoreKey
from governance.models.signing_in import SignIn, SignInTry

__all__ = [
    "SYSTEM",
    "AccessLog",
    "Actor",
    "ApiKey",
    "By",
    "CommunityKind",
    "DoneBy",
    "Function",
    "Heartbeat",
    "KeptForm",
    "Kind",
    "Level",
    "Notice",
    "Organization",
    "Outbox",
    "Post",
    "SignIn",
    "SignInTry",
    "StoreKey",
    "User",
    "actor_of",
    "resident",
]
