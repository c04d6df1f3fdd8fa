"""What whistles are about: matters that one unit alone does not settle, who comes, what is said on the spot."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Matter:
    """Units stand as level and function, the one that leads first; ``category`` is that of the case."""

    category: str
    parties: tuple[str, ...]
    demands: tuple[str, ...]
    need: tuple[str, ...]
    seen: tuple[str, ...]
    settled: tuple[str, ...]
    condition: str = "一般"


# fmt: off
NIGHT_MARKET = Matter(
    "占道经营", ("district:urban_management", "street:police", "district:market"), ("on_site", "enforce"),
    ("夜市占道经营反复，单靠街道劝离当晚回潮，请城管牵头，公安、市场监管到场联合整治。", "傍晚起二十余个摊位占满人行道，劝离多次无效，请联合执法。"),
    ("清点摊位 23 个，其中无证 9 个，逐户登记。", "主路两侧已清空，摊贩引导至疏导点，留人值守到二十三点。", "查扣占道器具 6 件，当场开具清单。"),
    ("连续三晚现场值守，摊位全部入疏导点，人行道恢复通行。", "摊贩签订入市协议，街道与城管建立错时巡查。"))
ILLEGAL_BUILDING = Matter(
    "私搭乱建", ("district:urban_management", "district:housing", "street:street_enforcement"), ("on_site", "enforce", "survey"),
    ("楼顶加建彩钢房两处，当事人拒不停工，请城管、住建到场认定并依法处置。", "一楼住户扩建占用公共绿地，邻里矛盾加剧，请联合认定拆除。"),
    ("现场测量加建部分约 46 平方米，无规划许可。", "已下达停工通知，当事人签收。", "当事人同意自行拆除，施工队进场。"),
    ("加建部分已拆除，垃圾清运完毕，原貌恢复。",))
RUBBLE = Matter(
    "积存垃圾渣土", ("district:urban_management", "district:transport", "street:police"), ("on_site", "enforce", "forces"),
    ("夜间有渣土车偷倒，一周内三次，请城管、交通运输、公安联合布控查处。", "空地渣土堆积约二百方，责任单位不明，请联合查处清运。"),
    ("调取周边监控，锁定车辆两台。", "路口设卡，查获未覆盖渣土车 1 台。", "清运开始，当日运出 11 车。"),
    ("渣土全部清运，入口加装限高杆，违规企业已立案。",))
FUMES = Matter(
    "油烟污染", ("district:ecology", "district:urban_management", "district:market"), ("on_site", "survey"),
    ("餐馆油烟扰民投诉三十余次，几家单位各管一段，请到场会商检测。",),
    ("现场检测油烟浓度超标，净化器长期未清洗。", "与商户约谈，约定一周内改造烟道。"),
    ("烟道已改造抬高，复测达标，住户签字认可。",))
GAS = Matter(
    "室内燃气安全隐患", ("district:gas", "district:emergency", "street:street_safety"), ("on_site", "supply"),
    ("沿街餐饮后厨闻到燃气味，软管老化，请立即到场处置。", "居民楼楼道有明显燃气味，已疏散两个单元，请速到场。"),
    ("关闭支管阀门，现场可燃气体浓度降至安全值。", "检出接口泄漏一处，正在更换。", "警戒线已撤除，居民返回。"),
    ("泄漏点修复并复检合格，整栋软管更换完毕。",))
BASEMENT = Matter(
    "群租隐患", ("district:housing", "district:fire", "street:police"), ("on_site", "enforce"),
    ("地下室隔成十一间出租，仅一个出口，请住建、消防、公安联合清理。", "地下室群租屡清屡返，线路私拉，请联合整治。"),
    ("清点住人房间 11 间、租住 19 人，逐一登记。", "消防当场责令停用，拆除上锁防护栏。", "租住人员已联系周转住处。"),
    ("隔断全部拆除，租住人员妥善安置，地下室恢复原用途。",))
FIRE_LANE = Matter(
    "小区消防通道堵塞", ("district:fire", "street:police", "community:property"), ("on_site", "enforce"),
    ("消防通道长期被占，物业劝不动，请消防、公安到场。", "演练时消防车进不了小区，请联合清障。"),
    ("现场挪车 14 辆，拖离长期停放车辆 2 辆。", "划设禁停线，安装可倒伏隔离桩。"),
    ("通道恢复四米净宽，物业落实每日巡查登记。",))
NIGHT_WORKS = Matter(
    "施工扰民", ("district:housing", "district:ecology", "district:urban_management"), ("on_site", "survey"),
    ("工地连续夜间施工，居民聚集反映，请住建、生态环境到场认定。",),
    ("夜间噪声实测 68 分贝，未办理夜间施工证明。", "施工方停工并向居民说明工期。"),
    ("施工时段重新公示，夜间停工，居民代表认可。",))
BRIDGE = Matter(
    "违规占用桥下空间", ("district:urban_management", "district:transport"), ("on_site", "enforce"),
    ("桥下被占作停车和建材堆场，权属单位几次推诿，请联合处置。",),
    ("核对移交清单，桥下空间权属明确。", "清走货车 3 台、建材约 40 方。"),
    ("桥下腾空并围蔽，设提示牌。",))
MARKET = Matter(
    "农贸市场秩序问题", ("district:market", "street:street_enforcement", "district:fire"), ("on_site", "enforce"),
    ("市场内外占道、通道堵塞，消防隐患突出，请联合整治。",),
    ("逐摊划线，清出主通道。", "排查出过期灭火器 12 具，当场更换。"),
    ("市场秩序恢复，市场方与街道签订门前责任书。",))
SINKING = Matter(
    "道路破损", ("district:transport", "district:water", "street:police"), ("on_site", "forces"),
    ("路面突然塌陷，疑似管网渗漏，请立即到场封控抢险。",),
    ("已围挡并疏导交通。", "查明为污水支管破裂，开挖抢修。", "回填完成，夜间恢复单向通行。"),
    ("管道修复、路面恢复，监测三日无沉降。",), condition="紧急")
RIVER = Matter(
    "河道污染", ("district:water", "district:ecology", "street:street_enforcement"), ("on_site", "survey"),
    ("河道夜间偷排反复，源头不清，请水务、生态环境溯源。",),
    ("沿线排查排口 7 处，取样 3 份。", "锁定一处洗车场暗管。"),
    ("暗管封堵，涉事单位立案，水质复测正常。",))
FLOODING = Matter(
    "雨水箅子异常", ("district:water", "street:water", "district:urban_management"), ("on_site", "forces"),
    ("低洼路段逢雨必淹，箅子清了又堵，管网归属说法不一，请水务牵头，街道水务站、城管到场查管清淤。",),
    ("开井检查 12 处，淤堵 7 处。", "调来吸污车两台。"),
    ("管段清淤贯通，更换箅子 9 座，雨后复查不积水。",))
CABLES = Matter(
    "架空线缆脱落", ("district:telecom", "district:power_grid", "district:urban_management"), ("on_site", "forces"),
    ("多家线缆混挂下垂，互不认领，请通信、供电到场认领捆扎。",),
    ("逐根挂牌认领，废线 31 根。", "在用线缆捆扎升高，废线剪除。"),
    ("线缆入槽，净高四米半以上，认领台账归档。",))
CHARGING = Matter(
    "楼道堆物", ("street:street_safety", "community:property", "street:police"), ("on_site", "advice"),
    ("楼道堆物、电动车进楼屡劝不改，请街道平安办、派出所到社区一起上门。",),
    ("逐户上门 26 户，当场清走 9 处。", "物业加装电动车阻车桩。"),
    ("楼道清空，集中充电棚启用，住户签承诺书。",))
PROPERTY_DISPUTE = Matter(
    "物业服务纠纷", ("street:housing", "street:justice", "community:property"), ("on_site", "advice"),
    ("电梯停运引发业主与物业对立，请城建办、司法所到社区协调。",),
    ("召集业主代表和物业现场对账。", "明确维修基金使用程序和工期。"),
    ("电梯恢复运行，双方签订调解协议。",))
# fmt: on

#: Matters of streets, of a district, of communities, and those that do not wait.
OF_STREETS = (NIGHT_MARKET, ILLEGAL_BUILDING, RUBBLE, FUMES, BASEMENT, FIRE_LANE, NIGHT_WORKS, BRIDGE, MARKET)
OF_DISTRICT = (RIVER, CABLES, BRIDGE)
OF_COMMUNITIES = (CHARGING, PROPERTY_DISPUTE)
URGENT = (GAS, SINKING)

# fmt: off
SAID: dict[str, tuple[str, ...]] = {
    "contact": ("已与街道联系，约好到场时间，带执法记录仪。", "与现场负责人通话，人员和车辆已落实。", "已对接社区，先看现场照片，按约定时间到。"),
    "finish": ("本单位负责的部分已完成，现场移交街道。", "处置完毕，材料已交街道归档。", "按分工办结，后续纳入日常巡查。"),
    "refuse": ("该事项不属本单位职责，依据三定方案应由所列单位承办。",),
    "answer_order": ("已责成分管副职带队，今日到场，并对迟延作出说明。", "人员调配冲突所致，已调整，限期内办结。"),
    "decline": ("街道综合执法队可以先行处置，暂不吹哨。", "同类事项已列入本周专项整治，不另吹哨。"),
    "withdraw": ("当事人已自行整改，经现场确认不再需要联合处置。", "案情有变，由承办单位按原程序办理。"),
    "note": ("现场碰头，明确分工。", "进展顺利，明日继续。"),
}
# fmt: on


def said(move: str, random: Random) -> str:
    """Believable words for a move of a unit or of the side that blew."""
    return random.choice(SAID[move])
