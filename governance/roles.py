"""Who may do what kind of thing: role × duty, readable by a non-programmer.

A duty is a kind of act in the loop; a role is the post a person holds. Who has no account acts too, by its kind.
What a duty permits in which state stands in ``cases/workflow.py``.
"""

from django.db.models import TextChoices


class Duty(TextChoices):
    INTAKE = "A", "受理员"
    CHIEF = "C", "值班长"
    DISPATCH = "D", "派遣员"
    HANDLE = "H", "处置人员"
    VERIFY = "V", "核查人员"
    LEAD = "L", "领导"
    REPORT = "R", "上报人"
    BLOW = "B", "吹哨人"
    ANSWER = "U", "被召单位经办人"
    HEAD = "K", "被召单位负责人"
    RESIDENT = "N", "居民"
    PROGRAM = "P", "对接系统"
    SYSTEM = "S", "系统"
    ANYONE = "*", "能看到案件的人"


class Role(TextChoices):
    GRID_WORKER = "grid_worker", "社区网格员"
    INSPECTOR = "inspector", "区级巡查员"
    SUPERVISOR = "supervisor", "街道监督员"
    VOLUNTEER = "volunteer", "志愿者"
    COURTYARD_LEADER = "courtyard_leader", "庭院长"
    BUILDING_LEADER = "building_leader", "楼栋长"
    CLERK = "clerk", "社区坐席"
    COMMUNITY_WORKER = "community_worker", "社区工作者"
    ACCEPTOR = "acceptor", "受理员"
    DUTY_CHIEF = "duty_chief", "值班长"
    DISPATCHER = "dispatcher", "派遣员"
    HANDLER = "handler", "处置人员"
    LEADER = "leader", "领导"
    DEPUTY_LEADER = "deputy_leader", "副职领导"
    SECRETARY = "secretary", "书记"
    DEPUTY_SECRETARY = "deputy_secretary", "副书记"
    UNIT_HEAD = "unit_head", "单位负责人"
    LIAISON = "liaison", "联络员"
    AUDITOR = "auditor", "审计员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"


# fmt: off
DUTIES: dict[Role, frozenset[Duty]] = {
    # who                    what                                                    where they sit
    Role.GRID_WORKER:        frozenset({Duty.REPORT, Duty.HANDLE, Duty.VERIFY}),   # community, outdoors
    Role.INSPECTOR:          frozenset({Duty.REPORT, Duty.VERIFY}),                # district, outdoors
    Role.SUPERVISOR:         frozenset({Duty.REPORT, Duty.VERIFY}),                # street, outdoors
    Role.VOLUNTEER:          frozenset({Duty.REPORT}),                             # community
    Role.COURTYARD_LEADER:   frozenset({Duty.REPORT}),                             # courtyard
    Role.BUILDING_LEADER:    frozenset({Duty.REPORT}),                             # building
    Role.CLERK:              frozenset({Duty.REPORT, Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH}),
    Role.COMMUNITY_WORKER:   frozenset({Duty.REPORT, Duty.HANDLE}),                # community office
    Role.ACCEPTOR:           frozenset({Duty.REPORT, Duty.INTAKE}),                # centre: supervision side 监督
    Role.DUTY_CHIEF:         frozenset({Duty.REPORT, Duty.CHIEF}),                 # centre: supervision side 监督
    Role.DISPATCHER:         frozenset({Duty.REPORT, Duty.DISPATCH}),              # centre: command side 指挥
    Role.HANDLER:            frozenset({Duty.REPORT, Duty.HANDLE, Duty.ANSWER}),   # department or company
    Role.UNIT_HEAD:          frozenset({Duty.REPORT, Duty.ANSWER, Duty.HEAD}),
    Role.LIAISON:            frozenset({Duty.REPORT, Duty.ANSWER}),                # who answers whistles for a unit
    Role.LEADER:             frozenset({Duty.REPORT, Duty.LEAD, Duty.BLOW}),       # government of a territory
    Role.DEPUTY_LEADER:      frozenset({Duty.REPORT, Duty.LEAD, Duty.BLOW}),
    Role.SECRETARY:          frozenset({Duty.REPORT, Duty.BLOW}),                 # party organisation of a territory
    Role.DEPUTY_SECRETARY:   frozenset({Duty.REPORT, Duty.BLOW}),
    # Three separate administrators 三员分立: none of them takes part in the loop.
    Role.AUDITOR:            frozenset(),
    Role.SYSTEM_ADMIN:       frozenset(),
    Role.SECURITY_ADMIN:     frozenset(),
}
# fmt: on


class ActorKind(TextChoices):
    """Who can do something to a case."""

    STAFF = "staff", "人员"
    CONTACT = "contact", "居民（来电人）"
    PROGRAM = "program", "系统对接"
    SYSTEM = "system", "系统"


# fmt: off
#: Who acts without a post: a resident without an account and a program with a key, on what they reported themselves.
WITHOUT_POST: dict[ActorKind, frozenset[Duty]] = {
    # who                    what                                                    on which cases
    ActorKind.CONTACT:       frozenset({Duty.RESIDENT, Duty.ANYONE}),              # reported or called about
    ActorKind.PROGRAM:       frozenset({Duty.PROGRAM, Duty.ANYONE}),               # reported
    ActorKind.SYSTEM:        frozenset({Duty.SYSTEM}),                             # all
}
# fmt: on

#: These see every case of the territory of their post.
TERRITORY_ROLES = frozenset(
    {
        Role.CLERK,
        Role.COMMUNITY_WORKER,
        Role.ACCEPTOR,
        Role.DUTY_CHIEF,
        Role.DISPATCHER,
        Role.LEADER,
        Role.DEPUTY_LEADER,
        Role.SECRETARY,
        Role.DEPUTY_SECRETARY,
        Role.AUDITOR,
        Role.GRID_WORKER,
        Role.SUPERVISOR,
    }
)

#: Who may lead a neighbourhood 楼组 (``neighbourhoods/``); which one, its dated rows say.
NEIGHBOUR_ROLES = frozenset({Role.BUILDING_LEADER, Role.COURTYARD_LEADER, Role.VOLUNTEER})

#: Three separate duties 三员分立; none of them takes part in the loop.
ADMINISTRATORS = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})

#: Handlers see what their unit is, or was, asked to settle.
UNIT_ROLES = frozenset({Role.HANDLER, Role.UNIT_HEAD, Role.LIAISON, Role.COMMUNITY_WORKER, Role.GRID_WORKER})
