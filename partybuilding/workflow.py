"""The tables of moves of a whistle and of its calls: what may happen, by whom, with what.

``docs/whistles.md`` is generated from them. Who holds a duty on a given whistle says ``permissions.py``; which clocks
run says the rule of the kind, frozen on the whistle (``clocks.py``). It knows no database.
"""

from django.db.models import TextChoices

from governance.roles import Duty
from records.moves import Move, Table


class State(TextChoices):
    """How a whistle stands."""

    ASKED = "asked", "待吹哨"
    BLOWN = "blown", "已吹哨"
    ON_SITE = "on_site", "联合处置"
    SETTLED = "settled", "待核查"
    CLOSED = "closed", "待互评"
    SCORED = "scored", "已归档"
    DECLINED = "declined", "不予吹哨"
    WITHDRAWN = "withdrawn", "已撤哨"
    ENDED = "ended", "随案终止"


class CallState(TextChoices):
    """How a called unit stands; a unit walks these on its own, all at the same time."""

    CALLED = "called", "待签收"
    SIGNED = "signed", "待联系"
    CONTACTED = "contacted", "待报到"
    ARRIVED = "arrived", "已报到"
    FINISHED = "finished", "已办结"
    REFUSED = "refused", "已回退"
    RELEASED = "released", "已解除"


class ClockStep(TextChoices):
    """The four clocks of a call, all started when it is called."""

    SIGN = "sign", "签收"
    CONTACT = "contact", "联系"
    ARRIVE = "arrive", "报到"
    SETTLE = "settle", "办结"


class Rung(TextChoices):
    """The ladder of a clock: who is told, one after another, while it runs."""

    YELLOW = "yellow", "临期提醒经办人"
    RED = "red", "超期催办经办人"
    HEAD = "head", "催办单位负责人"
    LEADER = "leader", "报分管领导"
    ORDER = "order", "督办"


class Source(TextChoices):
    """Why a whistle is blown. Needs and resolutions come from lists and meetings; any of them may be named."""

    REFUSED_TWICE = "refused_twice", "两次回退"
    NO_POWER = "no_power", "超出权限"
    ESCALATED = "escalated", "超时上报"
    JUDGEMENT = "judgement", "研判需联动"
    JOINT = "joint", "联合执法"
    EMERGENCY = "emergency", "应急处置"
    NEED = "need", "需求清单"
    RESOLUTION = "resolution", "会议决议"


class Refusal(TextChoices):
    """Why a called unit does not come; it names who is right."""

    NOT_OURS = "not_ours", "不属于本单位职责"
    WRONG_PLACE = "wrong_place", "不在本单位管辖范围"
    NO_POWER = "no_power", "没有处置权限"


class Side(TextChoices):
    """Who scores whom, when a whistle is closed."""

    STREET = "street", "吹哨方评部门"
    UNIT = "unit", "部门评哨令"


#: What each side marks from 1 to 5: the names of its marks and their words.
MARK_NAMES = {
    Side.STREET: {"speed": "响应速度", "attitude": "协同态度", "result": "处置效果"},
    Side.UNIT: {"needed": "确有必要", "clear": "需求清楚", "prepared": "准备充分"},
}


class Demand(TextChoices):
    """What a whistle asks of the units it calls; the words say the rest."""

    ON_SITE = "on_site", "到场联合处置"
    ENFORCE = "enforce", "现场执法"
    SURVEY = "survey", "现场勘查并出具意见"
    ADVICE = "advice", "提供政策或技术支持"
    FORCES = "forces", "调配人员、车辆、设备"
    SUPPLY = "supply", "停复水、电、气配合"


S, C = State, CallState
B, U, K, SYS = Duty.BLOW, Duty.ANSWER, Duty.HEAD, Duty.SYSTEM

RUNNING = (S.BLOWN, S.ON_SITE)
OPEN_CALL = (C.CALLED, C.SIGNED, C.CONTACTED, C.ARRIVED)
#: A called unit has begun or ended its part: people of it may be on the spot.
PRESENT = (C.ARRIVED, C.FINISHED, C.RELEASED)
LIVE = (S.ASKED, *RUNNING, S.SETTLED)
#: Something of them is to be done until a time.
CLOCKED = (S.ASKED, *RUNNING)

# fmt: off
WHISTLES = Table(State, final=(S.SCORED, S.DECLINED, S.WITHDRAWN, S.ENDED), moves=(
    #    what               label           from                       to              whose         must be given
    Move("ask",             "请街道吹哨",   (),                        (S.ASKED,),     (B,),         ("kind", "source", "words", "demands")),
    Move("blow",            "吹哨",         (),                        (S.BLOWN,),     (B,),         ("kind", "source", "words", "demands", "lead")),
    Move("blow_asked",      "吹哨",         (S.ASKED,),                (S.BLOWN,),     (B,),         ("lead",)),
    Move("decline",         "不予吹哨",     (S.ASKED,),                (S.DECLINED,),  (B,),         ("reason",), ends_badly=True),
    Move("withdraw",        "撤哨",         (S.ASKED, *RUNNING),       (S.WITHDRAWN,), (B,),         ("reason",), ends_badly=True),
    Move("call",            "增加召集",     RUNNING,                   (),             (B,),         ("unit", "reason")),
    Move("note",            "记处置日志",   (*RUNNING, S.SETTLED),     (),             (B, U, K),    ("words",)),
    Move("add_task",        "交办任务",     RUNNING,                   (),             (B,),         ("unit", "title", "deadline")),
    Move("finish_task",     "完成任务",     RUNNING,                   (),             (B, U, K),    ("task", "words")),
    Move("task_to_case",    "任务转案件",   RUNNING,                   (),             (B, U, K),    ("task", "category", "position", "words")),
    Move("settle",          "处置完毕",     RUNNING,                   (S.SETTLED,),   (B,),         ("words",)),
    Move("score_unit",      "评价部门",     (S.CLOSED,),               (S.CLOSED, S.SCORED), (B,),   ("call", *MARK_NAMES[Side.STREET])),
    Move("score_whistle",   "评价哨令",     (S.CLOSED,),               (S.CLOSED, S.SCORED), (U, K), ("call", *MARK_NAMES[Side.UNIT])),
    # What the case of the whistle does to it, and time; nobody else may.
    Move("hurry",           "催促决定",     (S.ASKED,),                (),             (SYS,),       ()),
    Move("failed",          "核查不通过",   (S.SETTLED,),              (S.ON_SITE,),   (SYS,),       ()),
    Move("close",           "随案结案",     (*RUNNING, S.SETTLED),     (S.CLOSED, S.SCORED), (SYS,), ()),
    Move("end",             "随案终止",     LIVE,                      (S.ENDED,),     (SYS,),       ()),
    Move("lapse",           "逾期归档",     (S.CLOSED,),               (S.SCORED,),    (SYS,),       ()),
))

CALLS = Table(CallState, final=(C.REFUSED, C.RELEASED, C.FINISHED), moves=(
    Move("sign",            "签收",         (C.CALLED,),               (C.SIGNED,),    (U, K),       (), of_part=True),
    Move("contact",         "联系",         (C.CALLED, C.SIGNED),      (C.CONTACTED,), (U, K),       ("words",), of_part=True),
    Move("arrive",          "报到",         OPEN_CALL,                 (C.ARRIVED,),   (U, K),       (), of_part=True),
    Move("leave",           "离场",         PRESENT,                   (),             (U, K),       (), of_part=True),
    Move("finish",          "办结",         (C.CONTACTED, C.ARRIVED),  (C.FINISHED,),  (U, K),       ("words",), of_part=True),
    Move("refuse",          "回退",         (C.CALLED, C.SIGNED),      (C.REFUSED,),   (U, K),       ("refusal", "reason", "right_unit"), of_part=True),
    Move("release",         "解除",         OPEN_CALL,                 (C.RELEASED,),  (B,),         (), of_part=True),
    Move("dismiss",         "同意离场",     (C.FINISHED,),             (),             (B,),         (), of_part=True),
    Move("answer_order",    "督办答复",     (*OPEN_CALL, C.FINISHED),  (),             (U, K),       ("words",), of_part=True),
    Move("press",           "催办升级",     OPEN_CALL,                 (),             (SYS,),       (), of_part=True),
))
# fmt: on

MOVES: dict[str, Move] = {move.name: move for move in (*WHISTLES, *CALLS)}

#: Moves that people of a called unit make.
OF_UNITS = tuple(move.name for move in CALLS if Duty.ANSWER in move.duties)

#: Colours of states, by the one set of meanings (``tone`` of badges and charts).
TONES = {
    S.ASKED: "waiting", S.BLOWN: "waiting", S.ON_SITE: "working", S.SETTLED: "checking", S.CLOSED: "settled",
    S.SCORED: "settled", S.DECLINED: "void", S.WITHDRAWN: "void", S.ENDED: "void",
    C.CALLED: "waiting", C.SIGNED: "waiting", C.CONTACTED: "working", C.ARRIVED: "working", C.FINISHED: "settled",
    C.REFUSED: "void", C.RELEASED: "void",
}  # fmt: skip

#: Which clocks a move of a call stops: whoever arrives has signed and is in contact.
STOPS = {
    "sign": (ClockStep.SIGN,),
    "contact": (ClockStep.SIGN, ClockStep.CONTACT),
    "arrive": (ClockStep.SIGN, ClockStep.CONTACT, ClockStep.ARRIVE),
    "finish": tuple(ClockStep),
    "refuse": tuple(ClockStep),
    "release": tuple(ClockStep),
}


def diagram() -> str:
    """Both tables (the text of ``docs/whistles.md``)."""
    return f"## 哨单\n\n{WHISTLES.diagram()}\n## 召集（每个被召单位）\n\n{CALLS.diagram()}"
