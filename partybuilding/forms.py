"""Clean input for moves of whistles: one field for every word that the tables may ask for; nothing is saved here."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Count
from django.utils import timezone

from cases.clocks import limit_in_words
from cases.forms import CategoryField, PositionField, UnitField
from cases.models import Case
from governance.models import Organization, Post
from governance.roles import Duty
from partybuilding.addresses import PHOTOS
from partybuilding.given import LABELS
from partybuilding.models import Whistle, WhistleRule
from partybuilding.nominating import Nominee, nominees, units_to_call
from partybuilding.rules import is_so, score_by, why_not_by_post
from partybuilding.situations import Situation
from partybuilding.workflow import MARK_NAMES, MOVES, ClockStep, Demand, Refusal, Side, Source
from records.forms import MoveForm, WordsField
from records.keyed import PhotosField
from records.moves import Move

MARKS = [(mark, f"{mark} 分") for mark in range(5, 0, -1)]
#: What may be given with a move beside what the table asks for.
MORE = {
    "contact": ("stays_away",),
    "add_task": ("person",),
    "note": ("photos",),
    "finish": ("photos",),
    "finish_task": ("photos",),
    "settle": ("photos",),
    "score_unit": ("words",),
    "score_whistle": ("words",),
}
#: What the words of a move are about.
WORDS = {
    "contact": "联系情况",
    "finish": "办结情况",
    "note": "现场记录",
    "settle": "处置结果",
    "answer_order": "督办答复",
    "finish_task": "完成情况",
    "task_to_case": "案件情况",
    "score_unit": "补充说明",
    "score_whistle": "补充说明",
}
HELP = {
    "deadline": "被交办的会收到通知",
    "person": "不填的，由该单位经办人自行安排",
    "right_unit": "会立即改召这个单位，办结时限不重新起算",
    "stays_away": "不到场也能解决的，如提供意见、查询资料",
}
NOT_HERE = {"invalid_choice": "请从列表中选择单位。"}


def _units(s: Situation) -> list[Organization]:
    return list(units_to_call(s.case, s.today))


def _unit_field(name: str, units: list[Organization]) -> UnitField:
    return UnitField(units, offered=units, label=LABELS[name], error_messages=NOT_HERE)


def _unit(s: Situation, move: Move) -> UnitField:
    """Of a task one of the called units; else one that is not called yet."""
    called = {call.unit_id for call in s.calls if call.is_open}
    if move.name == "add_task":
        return _unit_field("unit", [call.unit for call in s.calls if call.is_open])
    return _unit_field("unit", [unit for unit in _units(s) if unit.pk not in called])


def _right_unit(s: Situation, move: Move) -> UnitField:
    return _unit_field("right_unit", [unit for unit in _units(s) if unit.pk != s.call.unit_id])


def _person(s: Situation, move: Move) -> forms.TypedChoiceField:
    """Somebody who answers for one of the called units; of which one, stands beside the name."""
    units = [call.unit_id for call in s.calls if call.is_open]
    answers = Post.objects.on_duty(s.today).with_duty(Duty.ANSWER).filter(organization__in=units)
    posts = answers.select_related("user", "organization").order_by("organization__path", "pk")
    listed = {str(post.user_id): post.user for post in posts}
    choices = {post.user_id: f"{post.user.name}（{post.organization.name}）" for post in posts}
    return forms.TypedChoiceField(
        label=LABELS["person"],
        choices=[("", "由单位安排"), *choices.items()],
        coerce=listed.__getitem__,
        empty_value=None,
        error_messages={"invalid_choice": "请选择被召单位的在岗人员，或不填。"},
    )


def _task(s: Situation, move: Move) -> forms.ModelChoiceField:
    """What is not done yet: of all units for the side that blows, else of the own."""
    assert s.user is not None
    found = s.whistle.tasks.filter(done_at=None)
    if Duty.BLOW not in s.held:
        found = found.filter(unit__in=s.user.authority.unit_ids)
    wrong = {"invalid_choice": "请选择一件没有完成的任务。"}
    return forms.ModelChoiceField(found, label=LABELS["task"], empty_label=None, error_messages=wrong)


def _call(s: Situation, move: Move) -> forms.ModelChoiceField:
    """Units, or the own call, that this person has still to score."""
    side = Side.STREET if move.name == "score_unit" else Side.UNIT
    found = s.whistle.calls.filter(pk__in=[call.pk for call in score_by(s, side)]).select_related("unit")
    wrong = {"invalid_choice": "请选择一个还没有评价、可由您评价的单位。"}
    field = forms.ModelChoiceField(found, label=LABELS["call"], empty_label=None, error_messages=wrong)
    field.label_from_instance = lambda call: call.unit.name
    return field


def _mark(name: str) -> Callable[[Situation, Move], forms.Field]:
    def field(s: Situation, move: Move) -> forms.Field:
        wrong = {"invalid_choice": f"{LABELS[name]}请选 1 到 5 分。"}
        return forms.TypedChoiceField(
            label=LABELS[name], choices=MARKS, coerce=int, widget=forms.RadioSelect, error_messages=wrong
        )

    return field


class UnitsField(forms.TypedMultipleChoiceField):
    """Several of the units in reach; cleans to the units."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, units: list[Organization], **options: Any) -> None:
        self.listed = {str(unit.pk): unit for unit in units}
        choices = [(unit.pk, unit.name) for unit in units]
        super().__init__(choices=choices, coerce=self.listed.__getitem__, error_messages=NOT_HERE, **options)


# fmt: off
FIELDS: dict[str, Callable[[Situation, Move], forms.Field]] = {
    "words": lambda s, move: WordsField(label=WORDS.get(move.name, LABELS["words"])),
    "reason": lambda s, move: WordsField(label=LABELS["reason"], rows=2),
    "unit": _unit,
    "person": _person,
    "title": lambda s, move: forms.CharField(label=LABELS["title"], max_length=120),
    "deadline": lambda s, move: forms.DateTimeField(label=LABELS["deadline"], widget=forms.DateTimeInput({"type": "datetime-local"})),
    "task": _task,
    "category": lambda s, move: CategoryField(label=LABELS["category"], initial=s.whistle.category_id),
    "position": lambda s, move: PositionField(label=LABELS["position"], initial=[s.whistle.longitude, s.whistle.latitude]),
    "refusal": lambda s, move: forms.ChoiceField(label=LABELS["refusal"], choices=Refusal.choices, widget=forms.RadioSelect),
    "right_unit": _right_unit,
    "stays_away": lambda s, move: forms.BooleanField(label="远程办理，不到场"),
    "call": _call,
    "photos": lambda s, move: PhotosField(label=LABELS["photos"], address=PHOTOS),
    **{name: _mark(name) for names in MARK_NAMES.values() for name in names},
}
# fmt: on


class WhistleMoveForm(MoveForm):
    """The form of a move of a whistle, which may ask for units."""

    #: Units that should be called, where the form asks which.
    nominees: list[Nominee] = []

    def unit_rows(self) -> list[dict[str, Any]]:
        """All units in reach, the proposed ones first, each with why and what is chosen of it; none where none is asked for."""
        if not {"lead", "helpers"} <= self.fields.keys():
            return []
        lead, helpers = str(self["lead"].value() or ""), {str(one) for one in self["helpers"].value() or ()}
        why = {one.unit.pk: one.why for one in self.nominees}
        rows = [
            {
                "unit": unit,
                "why": why.get(unit.pk, ""),
                "is_lead": str(unit.pk) == lead,
                "is_helper": str(unit.pk) in helpers,
            }
            for unit in self.fields["helpers"].listed.values()
        ]
        order = {pk: place for place, pk in enumerate(why)}
        return sorted(rows, key=lambda row: order.get(row["unit"].pk, len(order)))

    def ask_for_units(self, case: Case, on: dt.date, *, is_needed: bool) -> None:
        """Let a lead and helpers be chosen among the units in reach of a case; the lead that is proposed is chosen."""
        units = list(units_to_call(case, on))
        self.nominees = nominees(case, on)
        lead = next((one.unit.pk for one in self.nominees if one.is_lead), None)
        errors = NOT_HERE | {"required": "请选择一个牵头单位。"}
        self.fields["lead"] = UnitField(
            units,
            offered=units,
            label=LABELS["lead"],
            initial=lead,
            required=is_needed,
            error_messages=errors,
        )
        self.fields["helpers"] = UnitsField(units, label=LABELS["helpers"], required=False)


def move_form(
    move: Move, situation: Situation, data: Any = None, initial: dict[str, Any] | None = None
) -> WhistleMoveForm:
    """The form of a move of a whistle, or of one of its calls; unbound without data, with a fresh key."""
    form = WhistleMoveForm(data, initial=initial or {})
    if "lead" in move.needs:
        form.ask_for_units(situation.case, situation.today, is_needed=True)
    for name in (*move.needs, *MORE.get(move.name, ())):
        if name in form.fields:
            continue
        if name == "stays_away" and not situation.whistle.rule["may_stay_away"]:
            continue
        field = FIELDS[name](situation, move)
        field.help_text = HELP.get(name, "")
        form.ask_for(name, field, is_needed=name in move.needs)
    return form


# Blowing ----------------------------------------------------------------------------------------------------------


class BlowForm(WhistleMoveForm):
    """A new whistle on a case: of a kind that this person may blow, or ask the street to blow."""

    kind = forms.ChoiceField(label="哨种", widget=forms.RadioSelect)
    source = forms.ChoiceField(label="吹哨情形", widget=forms.RadioSelect)
    source_note = forms.CharField(
        label="来源编号", max_length=60, required=False, help_text="需求清单或会议决议的编号"
    )
    demands = forms.MultipleChoiceField(
        label="需要什么", choices=Demand.choices, widget=forms.CheckboxSelectMultiple
    )
    words = WordsField(
        label="需求说明",
        placeholder="卡在哪里，需要各单位来做什么，什么时候",
        error_messages={"required": "请写明卡在哪里、需要各单位做什么。"},
    )

    def __init__(self, case: Case, user: Any, data: Any = None, *, now: dt.datetime) -> None:
        super().__init__(data)
        self.case, self.ways = case, ways(case, user, now)
        self.fields["kind"].choices = [(way.rule.kind, way.label) for way in self.ways]
        self.fields["source"].choices = [(one.value, one.label) for one in sources(case, self.ways)]
        if len(self.ways) == 1:
            self.fields["kind"].initial = self.ways[0].rule.kind
        if any(way.move.name == "blow" for way in self.ways):
            self.ask_for_units(case, timezone.localdate(now), is_needed=False)

    @property
    def way(self) -> "Way | None":
        """What is done with the kind that was chosen."""
        chosen = self.cleaned_data.get("kind")
        return next((way for way in self.ways if way.rule.kind == chosen), None)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        way = self.way
        if way and way.move.name == "blow" and not given.get("lead") and "lead" not in self.errors:
            self.add_error("lead", "请选择一个牵头单位。")
        return given

    @property
    def given(self) -> dict[str, Any]:
        """What the door takes: of a whistle that is asked for no units."""
        given, way = super().given, self.way
        if way is not None and way.move.name == "blow":
            return given
        return {name: value for name, value in given.items() if name not in ("lead", "helpers")}


class Way:
    """A kind of whistle, and whether this person blows it or asks the street to."""

    def __init__(self, rule: WhistleRule, move: Move, side: Organization | None = None) -> None:
        self.rule, self.move, self.side = rule, move, side
        self.blown = 0

    @property
    def label(self) -> str:
        return self.rule.label if self.move.name == "blow" else f"{self.rule.label}（请街道吹哨）"

    def limits(self) -> list[tuple[str, str]]:
        """The four limits of the kind, in the order of the clocks; before them that of the decision, where one is asked for."""
        found = [(step.label, limit_in_words(self.rule.limits[step])) for step in ClockStep]
        is_asked = self.move.name == "ask" and self.rule.decide_limit
        return [("街道决定", limit_in_words(self.rule.decide_limit)), *found] if is_asked else found

    @property
    def warning(self) -> str:
        """That this side blows more of this kind than the rule thinks usual: only said, never refused."""
        if self.side is None or self.blown < self.rule.most_a_month:
            return ""
        return (
            f"{self.side.name}本月已吹{self.rule.label} {self.blown} 次，"
            f"提醒线为 {self.rule.most_a_month} 次。确需联动的照常吹哨。"
        )


def ways(case: Case, user: Any, now: dt.datetime) -> list[Way]:
    """The kinds of the place that this person may blow on a case, or ask for."""
    found = []
    today = timezone.localdate(now)
    for rule in WhistleRule.objects.in_force(today).filter(district=case.district_id).order_by("pk"):
        situation = Situation(Whistle(case=case, kind=rule.kind), user, now)
        situation.rule = rule
        for name in ("blow", "ask"):
            if why_not_by_post(name, situation) is None:
                post = situation.blowing_post() if name == "blow" else None
                found.append(Way(rule, MOVES[name], side=post.organization if post else None))
                break
    _count_blown(found, now)
    return found


def _count_blown(found: list[Way], now: dt.datetime) -> None:
    """How often the side of each kind has blown it this month, whoever held its posts."""
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    blown = {(way.rule.kind, way.side.pk): way for way in found if way.side}
    kinds, sides = {kind for kind, _ in blown}, {side for _, side in blown}
    rows = Whistle.objects.filter(kind__in=kinds, side__in=sides, blown_at__gte=first).order_by()
    for kind, side, number in rows.values_list("kind", "side").annotate(Count("pk")):
        if way := blown.get((kind, side)):
            way.blown = number


def sources(case: Case, ways: list[Way]) -> list[Source]:
    """Why one of these kinds could be blown on a case, as far as the case can say so."""
    named = {source for way in ways for source in way.rule.sources}
    return [source for source in Source if source in named and is_so(source, case)]
