"""What stands in the way of a move, one rule a move: raised by the door, shown by the page as "why not".

A rule looks at the case, at who asks and when (``Situation``); what is given with a move is looked at by
``cases/given.py``. The table says in which states a move exists and which duty makes it, ``cases/permissions.py``
who holds a duty, ``cases/rule_numbers.py`` how often and how long.
"""

import datetime as dt

from django.db.models import Exists

from cases.loops import territory_id, top
from cases.models import Case, Contact, Request, Responsibility
from cases.models.catalogue import USUAL, ResponsibilityQuerySet
from cases.pace import too_fast
from cases.permissions import is_grid_worker, joined_later, leads_from, may_grade, may_report
from cases.rule_numbers import MOST_PEOPLE
from cases.situations import Situation
from cases.workflow import CHECKS, STEP_VERBS, TABLE, UNREGISTERED, Loop, State
from governance.models import Organization, Post
from governance.roles import ActorKind, Duty
from neighbourhoods.models import led_by
from records.refusals import Forbidden, NothingWaits, Refused
from records.rules import Offer, Rule, Rules

Kind = Request.Kind
RULES = Rules("案件")

#: Moves that decide a request, or agree to it, and of which kind.
ANSWERS = {
    "grant_extension": Kind.EXTENSION,
    "deny_extension": Kind.EXTENSION,
    "endorse_suspension": Kind.SUSPENSION,
    "grant_suspension": Kind.SUSPENSION,
    "deny_suspension": Kind.SUSPENSION,
    "grant_void": Kind.VOID,
    "deny_void": Kind.VOID,
}


def offers(s: Situation) -> list[Offer]:
    """Every move that people make on the case now, without answers to what nobody asked."""
    return RULES.offers(TABLE, State(s.case.state), s)


def _no_request(kind: Request.Kind) -> Rule:
    def rule(s: Situation) -> Refused | None:
        return None if kind in s.open_requests else NothingWaits(f"没有待批的{kind.label}申请。")

    return rule


for _name, _kind in ANSWERS.items():
    RULES.answering(_name)(_no_request(_kind))


@RULES.answering("reply_supervision", "accept_supervision")
def no_order(s: Situation) -> Refused | None:
    return None if s.order else NothingWaits("没有未销号的督办。")


@RULES.answering("correct_position")
def no_rough_place(s: Situation) -> Refused | None:
    return None if s.case.is_place_rough else NothingWaits("这件案件的位置不用补。")


# Report, handle, evaluate -----------------------------------------------------------------------------------------


#: By which door each kind of actor reports; ``Case.ON_THE_SPOT`` is the move ``report_handled``.
SOURCES = {
    ActorKind.STAFF: (Case.Source.FIELD, Case.Source.PATROL, Case.Source.PHONE, Case.Source.API),
    ActorKind.CONTACT: (Case.Source.RESIDENT,),
    ActorKind.PROGRAM: (Case.Source.API,),
}


@RULES.of("report")
def report(s: Situation) -> Refused | None:
    if not may_report(s.by):
        return Forbidden("您的岗位不能上报案件。")
    if s.case.source not in SOURCES[s.actor.kind]:
        return Forbidden(f"{s.actor.kind.label}不能登记“{s.case.get_source_display()}”。")
    if s.case.source == Case.Source.PHONE and not (s.user and s.user.authority.has(Duty.INTAKE)):
        return Forbidden("来电由受理员登记。")
    if s.actor.contact and Contact.objects.filter(uuid=s.actor.contact).exists():
        return Refused("每次上报单独登记联系人，这位联系人已有一件上报。")
    return too_fast(s.actor.program, s.now) if s.actor.program else None


@RULES.of("comment")
def comment(s: Situation) -> Refused | None:
    return too_fast(s.actor.program, s.now) if s.actor.program else None


@RULES.of("also_report")
def also_report(s: Situation) -> Refused | None:
    """By staff who meet what is reported already; who reported, handles or checks it adds to it by a comment."""
    if s.user is None or not may_report(s.by):
        return Forbidden("一并上报由能上报案件的工作人员办理，补充情况请留言。")
    if s.user.pk in s.case.reporters:
        return NothingWaits("您已是这件案件的上报人，补充情况请留言。")
    if s.user.pk in s.case.handlers or Duty.HANDLE in s.held:
        return NothingWaits("您在办理这件案件，补充情况请留言。")
    if s.leg and s.leg.person_id == s.user.pk:
        return NothingWaits("请您到现场看的就是这件，请直接办理，补充情况请留言。")
    return Refused("参与人已达上限，补充情况请留言。") if len(s.case.people) >= MOST_PEOPLE else None


@RULES.of("report_handled")
def report_handled(s: Situation) -> Refused | None:
    """Where it lies is looked at when that is known (``actions.reporting``)."""
    if s.user and s.case.source == Case.Source.SELF and is_grid_worker(s.user):
        return None
    if s.user and s.case.source == Case.Source.NEIGHBOURS and led_by(s.user, s.today):
        return None
    return Forbidden("自处理上报由网格员办理，楼栋自办由楼组负责人办理。")


@RULES.of("withdraw")
def withdraw(s: Situation) -> Refused | None:
    """Only who reported alone: what was merged into the case waits for it too."""
    if s.user and joined_later(s.case, s.user):
        return Refused("您是一并上报的，案件不能由您撤回。")
    merged = s.case.merged_cases.all()
    if s.user:
        merged = merged.exclude(reporters=s.case.reporters)  # two reports of the same person
    was_moved = s.case.version > 1  # else nothing was merged into it
    if len(s.case.reporters) > 1 or (was_moved and merged.exists()):
        return Refused("案件已并入他人的上报，不能由一人撤回。")
    return None


@RULES.of("accept", "feedback")
def handle(s: Situation) -> Refused | None:
    if s.user and s.user.pk in s.case.never_handle:
        return Refused("上报人不能处置自己上报的案件，请由本单位其他人办理。")
    return None


@RULES.of(*CHECKS)
def check(s: Situation) -> Refused | None:
    """By somebody who neither reported nor handled the case."""
    if s.user and s.user.pk in s.case.never_check:
        part = "上报的" if s.user.pk in s.case.reporters else "处置过的"
        return Forbidden(f"这件案件是您{part}，须由他人{STEP_VERBS[State(s.case.state)]}。")
    return None


@RULES.of("evaluate")
def evaluate(s: Situation) -> Refused | None:
    if not may_grade(s.case, s.by):
        return Forbidden("有来电人的案件，由受理员回访后评价。")
    return None


@RULES.of("reopen")
def reopen(s: Situation) -> Refused | None:
    assert s.case.closed_at is not None
    if s.now > s.case.closed_at + dt.timedelta(days=s.numbers.reopen_days):
        return Refused(f"结案已超过 {s.numbers.reopen_days} 天，不能重开，请重新上报。")
    return None


@RULES.of("urge")
def urge(s: Situation) -> Refused | None:
    return Refused("今天已催办过，每天一次。") if s.case.urged_on == s.today else None


# Up and down the loops --------------------------------------------------------------------------------------------


def row_for(case: Case, loop: Loop) -> ResponsibilityQuerySet:
    """The current row of the list for what a case is about, in another loop."""
    condition = case.responsibility.condition if case.responsibility else USUAL
    return Responsibility.objects.current().filter(category=case.category_id, condition=condition, loop=loop)


@RULES.of("escalate")
def escalate(s: Situation) -> Refused | None:
    if territory_id(s.case, Loop(s.case.loop).above) is None:
        level = top().level.label
        return Refused(f"案件已在{level}级，不能再上报；可由{level}领导督办。")
    return None


@RULES.of("raise_closing")
def raise_closing(s: Situation) -> Refused | None:
    return None if territory_id(s.case, Loop(s.case.loop).above) else Refused("没有上级指挥中心。")


@RULES.of("delegate")
def delegate(s: Situation) -> Refused | None:
    """Down only where the list gives the loop below the power, and somebody is there: work is not pushed down."""
    loop = Loop(s.case.loop).below
    below = territory_id(s.case, loop)
    if loop is None or below is None:
        return Refused("案件已在最基层，不能再下沉。")
    if s.case.was_delegated or s.case.escalated_by_time:
        return Refused("下沉只能一次，超时上报来的案件不能再下沉。")
    at_desk = Post.objects.on_duty(s.today).with_duty(Duty.INTAKE).filter(organization=below)
    listed = row_for(s.case, loop)
    # What is still to be registered needs a row under which that can be done there.
    rows = listed.to_register_under() if s.case.state in UNREGISTERED else listed.giving_power()
    row = rows.annotate(is_staffed=Exists(at_desk)).first()
    if row is not None and row.is_staffed:
        return None
    name = Organization.objects.get(pk=below).centre_name
    why = f"{name}无人在岗" if row else f"权责清单没有授权{name}办理这类案件"
    return Refused(f"{why}，不能下沉。")


# Asked and decided ------------------------------------------------------------------------------------------------


def _asked_already(s: Situation, kind: Request.Kind) -> Refused | None:
    return Refused(f"已有一份{kind.label}申请待批。") if kind in s.open_requests else None


@RULES.of("ask_extension")
def ask_extension(s: Situation) -> Refused | None:
    """Before the deadline, and not too often."""
    assert s.leg is not None
    if s.now >= s.leg.due_at:
        return Refused("已超过处置期限，不能再申请延期。")
    if s.case.extensions >= s.numbers.extensions:
        return Refused(f"最多延期 {s.numbers.extensions} 次。")
    return _asked_already(s, Kind.EXTENSION)


@RULES.of("ask_suspension")
def ask_suspension(s: Situation) -> Refused | None:
    if s.case.was_suspended:
        return Refused("每件案件只能挂账一次。")
    return _asked_already(s, Kind.SUSPENSION)


@RULES.of("ask_void")
def ask_void(s: Situation) -> Refused | None:
    return _asked_already(s, Kind.VOID)


def _decides(s: Situation, request: Request) -> Refused | None:
    """By the duty that a request waits for, and never by the one who asked."""
    if s.is_by(request.asked_by_id):
        return Forbidden("不能批准自己的申请。")
    if request.decider not in s.held:
        return Forbidden(f"这份{request.get_kind_display()}申请由{Duty(request.decider).label}决定。")
    return None


@RULES.of("grant_extension", "deny_extension")
def decide_extension(s: Situation) -> Refused | None:
    return _decides(s, s.open_requests[Kind.EXTENSION])


@RULES.of("grant_void", "deny_void")
def decide_void(s: Situation) -> Refused | None:
    return _decides(s, s.open_requests[Kind.VOID])


@RULES.of("endorse_suspension")
def endorse_suspension(s: Situation) -> Refused | None:
    request = s.open_requests[Kind.SUSPENSION]
    if s.is_by(request.asked_by_id):
        return Forbidden("不能同意自己的申请。")
    if request.endorsed_by_id is not None:  # whoever agreed may not grant: nobody does both
        return Refused("值班长已同意，待领导批准。")
    return None


@RULES.of("grant_suspension")
def grant_suspension(s: Situation) -> Refused | None:
    request = s.open_requests[Kind.SUSPENSION]
    assert request.until is not None
    if request.endorsed_by_id is None:
        return Refused("须先由值班长同意，再由领导批准。")
    if s.is_by(request.endorsed_by_id):
        return Forbidden("同意与批准须由两人分别办理。")
    if refusal := _decides(s, request):
        return refusal
    if request.until <= s.today:
        return Refused("申请的挂账日期已过，不能批准；可不批准，由申请人另行申请。")
    return None


@RULES.of("deny_suspension")
def deny_suspension(s: Situation) -> Refused | None:
    """The duty chief may deny what waits for their word first."""
    request = s.open_requests[Kind.SUSPENSION]
    is_chiefs = request.endorsed_by_id is None and Duty.CHIEF in s.held
    return None if is_chiefs and not s.is_by(request.asked_by_id) else _decides(s, request)


# Supervision ------------------------------------------------------------------------------------------------------


@RULES.of("order_supervision")
def order_supervision(s: Situation) -> Refused | None:
    """One order is open at a time; the system comes back to its own."""
    return Refused("已有一份督办未销号。") if s.order and not s.actor.is_system else None


@RULES.of("reply_supervision")
def reply_supervision(s: Situation) -> Refused | None:
    """The first answer is kept: what comes after it is a comment."""
    assert s.order is not None
    return Refused("这份督办已经答复，等待销号；补充情况请留言。") if s.order.replied_at else None


@RULES.of("accept_supervision")
def accept_supervision(s: Situation) -> Refused | None:
    order = s.order
    assert order is not None
    if order.replied_at is None:
        return Refused("责任单位还没有答复，不能销号。")
    if s.is_by(order.replied_by_id):
        return Forbidden("不能给自己的答复销号。")
    if s.user and order.ordered_by and leads_from(s.case, s.user) > leads_from(s.case, order.ordered_by):
        return Forbidden("上级的督办由上级销号。")
    return None
