"""Which faces a role opens; the first one that the place uses is where its people land after login."""

from collections.abc import Iterable, Mapping

from governance import modules
from governance.models import User
from governance.roles import Role

# fmt: off
FACES: dict[Role, tuple[str, ...]] = {
    Role.GRID_WORKER:      ("field", "board"),
    Role.INSPECTOR:        ("field", "board"),
    Role.SUPERVISOR:       ("field", "desk", "board"),
    Role.VOLUNTEER:        ("field",),
    Role.COURTYARD_LEADER: ("field",),
    Role.BUILDING_LEADER:  ("field",),
    Role.CLERK:            ("desk", "field", "board"),
    Role.COMMUNITY_WORKER: ("desk", "field", "board"),
    Role.ACCEPTOR:         ("desk", "board"),
    Role.DUTY_CHIEF:       ("desk", "board"),
    Role.DISPATCHER:       ("desk", "board"),
    Role.HANDLER:          ("desk", "field", "board", "party"),
    Role.UNIT_HEAD:        ("party", "desk", "field", "board"),
    Role.LIAISON:          ("party", "field"),
    Role.LEADER:           ("board", "desk", "party"),
    Role.DEPUTY_LEADER:    ("board", "desk", "party"),
    Role.SECRETARY:        ("party", "board", "desk"),
    Role.DEPUTY_SECRETARY: ("party", "board", "desk"),
    Role.AUDITOR:          ("board", "desk", "party", "admin"),
    Role.SYSTEM_ADMIN:     ("admin",),
    Role.SECURITY_ADMIN:   ("admin",),
}
# fmt: on

#: Of two homes the one with more to decide comes first; administrators take no part in the loop.
_RANK = ("board", "party", "desk", "field", "admin")


def faces_of(roles: Iterable[str]) -> list[str]:
    """Faces that a person with these roles opens here, home first; without a post there is none."""
    declared = modules.faces()
    held = [[face for face in FACES[Role(role)] if face in declared] for role in roles]
    homes = sorted({faces[0] for faces in held if faces}, key=_RANK.index)
    others = {face for faces in held for face in faces} - set(homes[:1])
    return homes[:1] + sorted(others, key=_RANK.index)


def home_of(roles: Iterable[str]) -> str:
    """Where a person lands after login."""
    faces = faces_of(roles)
    return f"/{faces[0]}/" if faces else "/inbox/"


def is_phone(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that it runs on a phone: by its hint where it sends one, else by its name."""
    hint = headers.get("Sec-CH-UA-Mobile")
    if hint is not None:
        return hint == "?1"
    name = headers.get("User-Agent", "")
    return "Mobi" in name and "iPad" not in name


def first_face(roles: Iterable[str], *, on_phone: bool) -> str:
    """The face a session begins on: the home, but on a phone the field for whoever has it beside the desk."""
    faces = faces_of(roles)
    if on_phone and faces[:1] == ["desk"] and "field" in faces:
        return "field"
    return next(iter(faces), "")


def sees_status(roles: Iterable[str]) -> bool:
    """Whether a person may look at how the site itself is: everybody at a desk, and the administrators."""
    return not {"desk", "admin"}.isdisjoint(faces_of(roles))


def page_base(user: User) -> str:
    """The frame of pages that belong to no face."""
    outdoors = faces_of(post.role for post in user.authority.posts)[:1] == ["field"]
    return "base_field.html" if outdoors else "base.html"
