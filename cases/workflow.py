"""The table of moves: what may happen to a case, by whom, with what, and what it does to the clock.

``docs/workflow.md`` is generated from it. It knows no database. Who holds a duty *on a given
case* is answered by ``cases/permissions.py``; what a move writes stands in ``cases/actions/``.
"""

from dataclasses import dataclass

from django.db.models import TextChoices

from governance.profile import Level, Phase, profile
from governance.roles import Duty
from records import moves


class State(TextChoices):
    REPORTED = "reported", "待立案"
    CHECKING = "checking", "待核实"
    REGISTERED = "registered", "待派遣"
    DISPATCHED = "dispatched", "待签收"
    HANDLING = "handling", "处置中"
    DISPUTED = "disputed", "争议待裁定"
    SUSPENDED = "suspended", "挂账"
    HANDLED = "handled", "待核查"
    VERIFIED = "verified", "待结案"
    CLOSED = "closed", "待评价"
    EVALUATED = "evaluated", "已评价"
    DECLINED = "declined", "不予立案"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并案"
    VOIDED = "voided", "已作废"


class Step(TextChoices):
    """What a leg of the case is about; every open leg has one clock."""

    REGISTERING = "registering", "立案"
    CHECKING = "checking", "核实"
    DISPATCHING = "dispatching", "派遣"
    HANDLING = "handling", "处置"
    ADJUDICATING = "adjudicating", "裁定"
    WAITING = "waiting", "挂账等待"
    VERIFYING = "verifying", "核查"
    CLOSING = "closing", "结案"
    EVALUATING = "evaluating", "评价"


#: Which of the six steps a leg belongs to.
PHASES: dict[Step, Phase] = {
    Step.REGISTERING: Phase.REPORT,
    Step.CHECKING: Phase.REPORT,
    Step.DISPATCHING: Phase.DISPATCH,
    Step.ADJUDICATING: Phase.DISPATCH,
    Step.HANDLING: Phase.HANDLE,
    Step.WAITING: Phase.HANDLE,
    Step.VERIFYING: Phase.VERIFY,
    Step.CLOSING: Phase.CLOSE,
    Step.EVALUATING: Phase.EVALUATE,
}


class Loop(TextChoices):
    """The three loops 三级闭环, lowest first; the profile says which of them a place has, and what it calls them.

    A loop has the name of the level that commands it. So has the column of the case row with its territory.
    """

    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"

    @property
    def label(self) -> str:
        words = profile().loops.get(self)
        return words.label if words else self.value  # a list may have rows for a loop that is not used here

    @property
    def level(self) -> Level:
        return Level[self.name]

    @property
    def column(self) -> str:
        return self.value

    @property
    def above(self) -> "Loop | None":
        name = profile().above.get(self)
        return Loop(name) if name else None

    @property
    def below(self) -> "Loop | None":
        name = profile().below.get(self)
        return Loop(name) if name else None


def loops_here() -> list[tuple[str, str]]:
    """Loops of this place, lowest first, in its words."""
    return [(name, words.label) for name, words in profile().loops.items()]


class PositionSource(TextChoices):
    """Who says where something is, or where a check was made: the device by its own fix, or the person by a pin on the map.

    Where neither is to be had a report lies where the phone was last, or somewhere in a grid; a check is made from where the
    phone was last, or from nowhere that is known.
    """

    DEVICE = "device", "设备定位"
    PIN = "pin", "地图选点"
    LAST_FIX = "last_fix", "上次定位"
    GRID = "grid", "只知网格"
    NONE = "none", "没有定位"


#: Good enough to report, not to go there: somebody corrects it. A check from there needs a reason, as one from afar does.
ROUGH = frozenset({PositionSource.LAST_FIX, PositionSource.GRID, PositionSource.NONE})


class Tone(TextChoices):
    """The colours of states: one meaning each, the same on badge, map and chart."""

    WAITING = "waiting", "等待"
    WORKING = "working", "处理"
    CHECKING = "checking", "核查"
    SETTLED = "settled", "办结"
    VOID = "void", "终止"


class Lateness(TextChoices):
    """The mark the sweep leaves on a leg; lists and figures read the mark, not a clock."""

    NONE = "none", "未到预警"
    YELLOW = "yellow", "临期"
    RED = "red", "超期"


@dataclass(frozen=True)
class StateRow:
    """A state as the table sees it: its colour, whose step comes next and which clock runs there."""

    tone: Tone
    owner: Duty | None = None
    step: Step | None = None


# fmt: off
STATES: dict[State, StateRow] = {
    State.REPORTED:   StateRow(Tone.WAITING,  Duty.CHIEF,    Step.REGISTERING),
    State.CHECKING:   StateRow(Tone.CHECKING, Duty.VERIFY,   Step.CHECKING),
    State.REGISTERED: StateRow(Tone.WAITING,  Duty.DISPATCH, Step.DISPATCHING),
    State.DISPATCHED: StateRow(Tone.WAITING,  Duty.HANDLE,   Step.HANDLING),
    State.HANDLING:   StateRow(Tone.WORKING,  Duty.HANDLE,   Step.HANDLING),
    State.DISPUTED:   StateRow(Tone.WAITING,  Duty.CHIEF,    Step.ADJUDICATING),
    State.SUSPENDED:  StateRow(Tone.WAITING,  Duty.CHIEF,    Step.WAITING),
    State.HANDLED:    StateRow(Tone.CHECKING, Duty.VERIFY,   Step.VERIFYING),
    State.VERIFIED:   StateRow(Tone.CHECKING, Duty.CHIEF,    Step.CLOSING),
    State.CLOSED:     StateRow(Tone.SETTLED,  Duty.REPORT,   Step.EVALUATING),
    State.EVALUATED:  StateRow(Tone.SETTLED),
    State.DECLINED:   StateRow(Tone.VOID),
    State.WITHDRAWN:  StateRow(Tone.VOID),
    State.MERGED:     StateRow(Tone.VOID),
    State.VOIDED:     StateRow(Tone.VOID),
}
# fmt: on

#: What whoever makes the next step is to do, by the state of the case: in notices, on the phone, in to-do lists.
STEP_VERBS = {
    State.REPORTED: "立案",
    State.CHECKING: "核实",
    State.REGISTERED: "派遣",
    State.DISPATCHED: "签收",
    State.HANDLING: "处置",
    State.DISPUTED: "裁定",
    State.HANDLED: "核查",
    State.VERIFIED: "结案",
}

FINAL = frozenset({State.EVALUATED, State.DECLINED, State.WITHDRAWN, State.MERGED, State.VOIDED})
#: ``closed`` counts as closed everywhere although its evaluation leg is open.
OPEN = tuple(state for state in State if state not in FINAL and state != State.CLOSED)
SETTLED = (State.CLOSED, State.EVALUATED)

UNREGISTERED = (State.REPORTED, State.CHECKING)
BEFORE_FEEDBACK = (State.REGISTERED, State.DISPATCHED, State.HANDLING)
#: From here a case may be given to another loop, up or down.
ESCALATABLE = (*UNREGISTERED, *BEFORE_FEEDBACK, State.DISPUTED)


class Clock(TextChoices):
    """What a move does to the clock."""

    OPENS = "opens", "新时限开始"
    UNCHANGED = "unchanged", "不变"
    PAUSES = "pauses", "暂停，余量保留"
    CONTINUES = "continues", "余量继续"
    MOVES = "moves", "截止时间顺延"
    JOINS = "joins", "沿用较早的立案时限"
    ENDS = "ends", "结束"


@dataclass(frozen=True)
class Move(moves.Move):
    """One line of the table, with what it does to the clock."""

    clock: Clock


class CaseTable(moves.Table[Move]):
    def columns(self) -> list[str]:
        return ["时限"]

    def cells(self, move: Move) -> list[str]:
        return [str(move.clock.label)]


A, C, D, H = Duty.INTAKE, Duty.CHIEF, Duty.DISPATCH, Duty.HANDLE
V, L, R, S = Duty.VERIFY, Duty.LEAD, Duty.REPORT, Duty.SYSTEM
N, P, ANYONE = Duty.RESIDENT, Duty.PROGRAM, Duty.ANYONE

# fmt: off
TABLE = CaseTable(State, FINAL, (
    #    what                  label         from                                to                                  whose      must be given                             clock
    Move("report",             "上报",       (),                                 (State.REPORTED,),                  (R, N, P), ("position", "category", "words"),        Clock.OPENS),
    Move("report_handled",     "自处理上报", (),                                 (State.HANDLED,),                   (R,),      ("position", "category", "words", "before_photo", "after_photo"), Clock.OPENS),
    Move("send_to_check",      "核实",       (State.REPORTED,),                  (State.CHECKING,),                  (A,),      (),                                       Clock.PAUSES),
    Move("found",              "核实属实",   (State.CHECKING,),                  (State.REPORTED,),                  (V,),      ("words", "photos", "position"),          Clock.CONTINUES),
    Move("not_found",          "核实不属实", (State.CHECKING,),                  (State.REPORTED,),                  (V,),      ("words", "photos", "position"),          Clock.CONTINUES),
    Move("register",           "立案",       (State.REPORTED,),                  (State.REGISTERED,),                (C,),      ("responsibility",),                      Clock.OPENS),
    Move("decline",            "不予立案",   (State.REPORTED,),                  (State.DECLINED,),                  (C,),      ("reason",),                              Clock.ENDS, ends_badly=True),
    Move("withdraw",           "撤回",       (State.REPORTED,),                  (State.WITHDRAWN,),                 (R, N),    (),                                       Clock.ENDS, ends_badly=True),
    Move("merge",              "并案",       (State.REPORTED, State.REGISTERED), (State.MERGED,),                    (C,),      ("target",),                              Clock.ENDS, ends_badly=True),
    Move("return",             "退回",       (State.REGISTERED,),                (State.REPORTED,),                  (D,),      ("reason",),                              Clock.OPENS),
    Move("dispatch",           "派遣",       (State.REGISTERED,),                (State.DISPATCHED,),                (D,),      ("unit",),                                Clock.OPENS),
    Move("accept",             "签收",       (State.DISPATCHED,),                (State.HANDLING,),                  (H,),      (),                                       Clock.UNCHANGED),
    Move("refuse",             "回退",       (State.DISPATCHED, State.HANDLING), (State.REGISTERED, State.DISPUTED), (H,),      ("refusal", "reason", "right_unit"),      Clock.OPENS),
    Move("adjudicate",         "裁定",       (State.DISPUTED,),                  (State.DISPATCHED,),                (C, L),    ("unit", "reason"),                       Clock.OPENS),
    Move("ask_extension",      "申请延期",   (State.DISPATCHED, State.HANDLING), (),                                 (H,),      ("reason", "amount"),                     Clock.UNCHANGED),
    Move("grant_extension",    "批准延期",   (State.DISPATCHED, State.HANDLING), (),                                 (D, C),    (),                                       Clock.MOVES),
    Move("deny_extension",     "不批准延期", (State.DISPATCHED, State.HANDLING), (),                                 (D, C),    ("reason",),                              Clock.UNCHANGED),
    Move("ask_suspension",     "申请挂账",   BEFORE_FEEDBACK,                    (),                                 (H, D),    ("reason", "until"),                      Clock.UNCHANGED),
    Move("endorse_suspension", "同意挂账",   BEFORE_FEEDBACK,                    (),                                 (C,),      (),                                       Clock.UNCHANGED),
    Move("grant_suspension",   "批准挂账",   BEFORE_FEEDBACK,                    (State.SUSPENDED,),                 (L,),      (),                                       Clock.PAUSES),
    Move("deny_suspension",    "不批准挂账", BEFORE_FEEDBACK,                    (),                                 (C, L),    ("reason",),                              Clock.UNCHANGED),
    Move("resume",             "恢复",       (State.SUSPENDED,),                 BEFORE_FEEDBACK,                    (S, C),    (),                                       Clock.CONTINUES),
    Move("feedback",           "反馈",       (State.HANDLING,),                  (State.HANDLED,),                   (H,),      ("words", "photos"),                      Clock.OPENS),
    Move("pass",               "核查通过",   (State.HANDLED,),                   (State.VERIFIED,),                  (V,),      ("words", "photos", "position"),          Clock.OPENS),
    Move("fail",               "核查不通过", (State.HANDLED,),                   (State.HANDLING,),                  (V,),      ("reason", "photos", "position"),         Clock.OPENS),
    Move("close",              "结案",       (State.VERIFIED,),                  (State.CLOSED, State.EVALUATED),    (C,),      ("condition_met",),                       Clock.OPENS),
    Move("refuse_closing",     "不予结案",   (State.VERIFIED,),                  (State.HANDLED,),                   (C,),      ("reason",),                              Clock.OPENS),
    Move("evaluate",           "评价",       (State.CLOSED,),                    (State.EVALUATED,),                 (R, N, A, S), ("grade",),                            Clock.ENDS),
    Move("reopen",             "重开",       (State.CLOSED,),                    (State.REGISTERED,),                (R, N, C), ("reason",),                              Clock.OPENS),
    Move("escalate",           "上报上级",   ESCALATABLE,                        (State.REPORTED, State.REGISTERED), (S, C),    ("reason",),                              Clock.OPENS),
    Move("delegate",           "下沉",       ESCALATABLE,                        (State.REPORTED, State.REGISTERED), (C,),      ("reason",),                              Clock.OPENS),
    Move("order_supervision",  "督办",       OPEN,                               (),                                 (L, S),    ("reason", "deadline"),                   Clock.UNCHANGED),
    Move("reply_supervision",  "督办回复",   OPEN,                               (),                                 (H, C, L), ("words",),                               Clock.UNCHANGED),
    Move("accept_supervision", "督办销号",   OPEN,                               (),                                 (L,),      (),                                       Clock.UNCHANGED),
    Move("urge",               "催办",       OPEN,                               (),                                 (C, D, R), (),                                       Clock.UNCHANGED),
    Move("comment",            "留言",       OPEN,                               (),                                 (ANYONE,), ("words",),                               Clock.UNCHANGED),
    Move("also_report",        "一并上报",   OPEN,                               (),                                 (ANYONE,), ("words",),                               Clock.UNCHANGED),
    Move("correct_position",   "更正位置",   OPEN,                               (),                                 (R, A, C), ("position",),                            Clock.UNCHANGED),
    Move("ask_void",           "申请作废",   OPEN,                               (),                                 (A, D, C), ("reason",),                              Clock.UNCHANGED),
    Move("grant_void",         "批准作废",   OPEN,                               (State.VOIDED,),                    (C, L),    (),                                       Clock.ENDS, ends_badly=True),
    Move("deny_void",          "不批准作废", OPEN,                               (),                                 (C, L),    ("reason",),                              Clock.UNCHANGED),
    # What a merge writes on the case that takes over; nobody else may.
    Move("take_over",          "并入接收",   OPEN,                               (),                                 (S,),      (),                                       Clock.JOINS),
    # What the sweep writes when time passes; nobody else may.
    Move("warn",               "临期预警",   OPEN,                               (),                                 (S,),      (),                                       Clock.UNCHANGED),
    Move("overdue",            "超期",       OPEN,                               (),                                 (S,),      (),                                       Clock.UNCHANGED),
    Move("recount",            "重算时限",   (*OPEN, State.CLOSED),              (),                                 (S,),      (),                                       Clock.MOVES),
    Move("draw_anew",          "重新抽派",   (State.CHECKING, State.HANDLED),    (),                                 (S,),      (),                                       Clock.OPENS),
    Move("raise_closing",      "上级代结案", (State.VERIFIED,),                  (),                                 (S,),      (),                                       Clock.OPENS),
))
# fmt: on

MOVES = TABLE.by_name
REPORTS = tuple(move for move in TABLE if not move.sources)
#: Moves that answer a check on the spot.
CHECKS = ("found", "not_found", "pass", "fail")


class Refusal(TextChoices):
    """Why a handler sends a case back: a list, so that returns can be counted and learned from."""

    NOT_OURS = "not_ours", "不属于本单位职责"
    WRONG_PLACE = "wrong_place", "不在本单位管辖范围"
    NO_POWER = "no_power", "没有处置权限"
    UNCLEAR = "unclear", "位置或描述不清，无法处置"
    DUPLICATE = "duplicate", "与在办案件重复"


class Grade(TextChoices):
    """Residents answer in three grades; staff score their own report's handling from 1 to 5; the rest nobody gives."""

    SATISFIED = "satisfied", "满意"
    MOSTLY = "mostly", "基本满意"
    UNSATISFIED = "unsatisfied", "不满意"
    SCORE_5 = "5", "5 分"
    SCORE_4 = "4", "4 分"
    SCORE_3 = "3", "3 分"
    SCORE_2 = "2", "2 分"
    SCORE_1 = "1", "1 分"
    LAPSED = "lapsed", "逾期未评"
    NOBODY = "nobody", "由系统上报，无评价人"


RESIDENT_GRADES = (Grade.SATISFIED, Grade.MOSTLY, Grade.UNSATISFIED)
STAFF_GRADES = (Grade.SCORE_5, Grade.SCORE_4, Grade.SCORE_3, Grade.SCORE_2, Grade.SCORE_1)
