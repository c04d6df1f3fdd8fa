"""The accounts that are printed: one password, in demo mode only. Where they work is called the stage."""

from typing import NamedTuple

from governance.models import Post
from governance.roles import Role

#: Printed on purpose; everybody else of the demo world has no password at all.
DEMO_PASSWORD = "panlong-2026"

DISTRICT, STREET, COMMUNITY = "530103", "530103001", "530103001001"

#: Where the accounts work → user name → whose post it takes (role and organization code) and what there is to see.
GROUPS: dict[str, dict[str, tuple[Role, str, str]]] = {
    "现场": {
        "wangge": (Role.GRID_WORKER, COMMUNITY, "手机：上报、自处理、核查，我的待办"),
        "xuncha": (Role.INSPECTOR, DISTRICT, "手机：巡查上报，抽派的核实核查"),
        "jiandu": (Role.SUPERVISOR, STREET, "手机：街道监督，抽派的核实核查"),
        "zhiyuan": (Role.VOLUNTEER, COMMUNITY, "手机：随手上报，本居民小组"),
        "louzhang": (Role.BUILDING_LEADER, f"{COMMUNITY}0101", "手机：我的楼组、楼栋自办、小任务"),
    },
    "社区": {
        "shequ": (Role.CLERK, COMMUNITY, "坐席：社区自循环的受理、立案、派遣、结案"),
        "shegong": (Role.COMMUNITY_WORKER, COMMUNITY, "社区居委会承办的案件"),
        "wuye": (Role.HANDLER, f"{COMMUNITY}-property", "物业承办的案件：签收、反馈、延期"),
    },
    "街道": {
        "shouli": (Role.ACCEPTOR, STREET, "街道中心：来电登记、核实、回访"),
        "zhiban": (Role.DUTY_CHIEF, STREET, "街道中心：立案、裁定、结案"),
        "paiqian": (Role.DISPATCHER, STREET, "街道中心：派遣、批准延期"),
        "zhifa": (Role.HANDLER, f"{STREET}-street_enforcement", "街道综合执法队承办的案件"),
        "jielingdao": (Role.LEADER, STREET, "街道领导：地图、五个数、督办"),
    },
    "区": {
        "q_shouli": (Role.ACCEPTOR, DISTRICT, "区中心：来电登记、核实"),
        "q_zhiban": (Role.DUTY_CHIEF, DISTRICT, "区中心：立案、裁定、结案"),
        "q_paiqian": (Role.DISPATCHER, DISTRICT, "区中心：派遣"),
        "chengguan": (Role.HANDLER, f"{DISTRICT}-urban_management", "区城管局承办的案件"),
        "quling": (Role.LEADER, DISTRICT, "区领导：全区地图、超期、督办"),
    },
    "党建（吹哨报到）": {
        "qushuji": (Role.SECRETARY, DISTRICT, "全区哨单，权责清单修订建议"),
        "jieshuji": (Role.SECRETARY, STREET, "吹哨、召集、解除、评价部门"),
        "jiefushuji": (Role.DEPUTY_SECRETARY, STREET, "综合执法哨、应急处置哨，召集、解除、评价部门"),
        "sheshuji": (Role.SECRETARY, COMMUNITY, "社区哨，请街道吹哨"),
        "chengguanju": (
            Role.UNIT_HEAD,
            f"{DISTRICT}-urban_management",
            "本单位被召集的哨令，督办答复，评价哨令",
        ),
        "cg_lianluo": (Role.LIAISON, f"{DISTRICT}-urban_management", "手机：签收、联系、报到、办结"),
    },
    "管理": {
        "shenji": (Role.AUDITOR, DISTRICT, "审计：只看不办"),
        "xitong": (Role.SYSTEM_ADMIN, DISTRICT, "系统管理：目录、权责、日历"),
        "anquan": (Role.SECURITY_ADMIN, DISTRICT, "安全管理：人员与岗位"),
    },
}
STAGE: dict[str, tuple[Role, str, str]] = {
    name: account for group in GROUPS.values() for name, account in group.items()
}
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


class Account(NamedTuple):
    group: str
    username: str
    name: str
    role: str
    place: str
    sees: str


def accounts() -> list[Account]:
    """The demo accounts in the order of a case's way, as they stand in the database."""
    posts = Post.objects.filter(user__username__in=STAGE).select_related("user", "organization")
    holders = {(post.user.username, post.role): post for post in posts}
    return [
        Account(
            GROUP_OF[username],
            username,
            post.user.name,
            post.get_role_display(),
            post.organization.name,
            sees,
        )
        for username, (role, _, sees) in STAGE.items()
        if (post := holders.get((username, role)))
    ]
