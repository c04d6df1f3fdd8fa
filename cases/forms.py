"""Clean input for moves and reports: one field for every word the table may ask for; nothing is saved here."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.utils import timezone

from cases.calendar import calendar_for
from cases.deadlines import Limit, Unit, start
from cases.loops import loops
from cases.models import Case, Category, Leg, Responsibility
from cases.photos import ADDRESS
from cases.routing import propose_unit
from cases.units import units_in_reach
from cases.words import note
from cases.workflow import CHECKS, RESIDENT_GRADES, STAFF_GRADES, Loop, Move, PositionSource, Refusal
from governance.models import Organization, User
from records.forms import MoveForm, WordsField
from records.keyed import KeyedForm, PhotosField


class PositionField(forms.MultiValueField):
    """Longitude and latitude in degrees, WGS-84, from the device or a pin."""

    def __init__(self, **options: Any) -> None:
        bounds = ((-180, 180), (-85, 85))
        fields = [forms.FloatField(min_value=low, max_value=high) for low, high in bounds]
        super().__init__(fields, widget=PositionWidget(), require_all_fields=True, **options)
        self.error_messages["required"] = "请定位，或在地图上点选位置。"
        self.error_messages["incomplete"] = self.error_messages["required"]

    def compress(self, values: list[float | None]) -> list[float] | None:
        if None in values:  # half a position is none, also where none is needed
            raise forms.ValidationError(self.error_messages["incomplete"])
        return list(values) if values else None


class PositionWidget(forms.MultiWidget):
    template_name = "_components/position_widget.html"

    def __init__(self) -> None:
        box = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        super().__init__({"longitude": box, "latitude": box})

    def decompress(self, value: list[float] | None) -> list[float | None]:
        return list(value) if value else [None, None]


#: What a page proposes to say of a category, by its kind; ``static/js/field/report.js`` puts the place before it.
PROPOSED: dict[Category.Kind, str] = {
    Category.Kind.COMPONENT: "{}有损坏或缺失。",
    Category.Kind.MATTER: "发现{}。",
    Category.Kind.DISPUTE: "发现{}。",
    Category.Kind.SERVICE: "有人提出：{}。",
    Category.Kind.SAFETY: "发现{}。",
    Category.Kind.PARTY: "有人提出：{}。",
}


class CategorySelect(forms.Select):
    """All categories by kind, with what ``static/js/category.js`` searches on each option."""

    template_name = "_components/category_widget.html"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__({"data-category-picker": "", **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        context["widget"]["proposes"] = {kind.label: sentence for kind, sentence in PROPOSED.items()}
        return context

    def optgroups(self, name: str, value: list[str], attrs: dict | None = None) -> list[tuple]:
        """Options with their category, without what Django builds for each of the 450 and nobody reads."""
        chosen, groups = set(value), []
        for key, found in self.choices:  # a kind with its categories; first the line that asks to choose one
            kind, listed = (key, found) if isinstance(found, list) else (None, [(key, found)])
            groups.append((kind, [_option(one, label, chosen) for one, label in listed], len(groups)))
        return groups


def _option(value: Any, label: str, chosen: set[str]) -> dict[str, Any]:
    category = getattr(value, "instance", None)
    return {"value": value, "label": label, "selected": str(value) in chosen, "category": category}


class _ByKind(forms.models.ModelChoiceIterator):
    """Categories in groups, one for each kind."""

    def __iter__(self):
        yield "", "请选择类别"
        rows = self.queryset.order_by("kind", "code", "pk")
        for kind, found in groupby(rows, key=lambda row: row.get_kind_display()):
            yield kind, [self.choice(row) for row in found]


class CategoryField(forms.ModelChoiceField):
    """One of the active categories."""

    iterator = _ByKind
    widget = CategorySelect

    def __init__(self, **options: Any) -> None:
        rows = Category.objects.filter(is_active=True)
        super().__init__(
            rows,
            error_messages={"invalid_choice": "没有这个类别，请重新选择。", "required": "请选择类别。"},
            **options,
        )


class UnitField(forms.TypedChoiceField):
    """One of the units at the place of a case; cleans to the unit. Why one that is not offered is refused, the door says."""

    def __init__(self, units: list[Organization], *, offered: list[Organization], **options: Any) -> None:
        self.listed = {str(unit.pk): unit for unit in units}
        choices = [("", "请选择单位"), *((unit.pk, unit.name) for unit in offered)]
        super().__init__(choices=choices, coerce=self.listed.__getitem__, empty_value=None, **options)

    def valid_value(self, value: Any) -> bool:
        return str(value) in self.listed


class CaseNumberField(forms.CharField):
    """The printed number of an open case the person can see; cleans to the case."""

    def __init__(self, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(max_length=30, **options)

    def clean(self, value: Any) -> Case | None:
        text = super().clean(value)
        if not text:
            return None
        found = Case.objects.visible_to(self.user).open().numbered(text).first()
        if found is None:
            raise forms.ValidationError("没有这个编号的在办案件，请核对编号。")
        return found


def _units(case: Case, label: str, *, anywhere: bool = False, propose: bool = False) -> UnitField:
    units = list(units_in_reach(case, timezone.localdate(), anywhere=anywhere))
    initial, help_text = None, ""
    if propose:
        initial, help_text = propose_unit(case.responsibility, units, case.centre_id)
    return UnitField(
        units,
        offered=units if anywhere else [unit for unit in units if unit.is_staffed],
        label=label,
        initial=initial.pk if initial else None,
        help_text=help_text,
        error_messages={"invalid_choice": "请选择案件所在地的单位。"},
    )


def _responsibilities(case: Case, category: Category) -> forms.ModelChoiceField:
    rows = Responsibility.objects.to_register_under().select_related("category")
    field = forms.ModelChoiceField(
        label="适用权责",
        queryset=rows,
        initial=case.responsibility_id,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "请选择一条现行的、有处置权的权责。"},
    )
    listed = sorted(rows.filter(category=category, loop__in=loops()), key=lambda row: -Loop(row.loop).level)
    field.choices = [
        (
            row.pk,
            f"{row.get_loop_display()} · {row.condition} · 牵头{row.get_lead_display()} · 处置 {row.limits['handling']}"
            f" · 立案条件：{row.registering_condition}",
        )
        for row in listed
    ]
    return field


def _grades(case: Case) -> forms.ChoiceField:
    grades = RESIDENT_GRADES if case.is_from_resident else STAFF_GRADES
    label = "回访结果" if case.is_from_resident else "对办理结果打分"
    choices = [(grade.value, grade.label) for grade in grades]
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": f"请选择{label[-2:]}。"},
    )


def _condition(case: Case) -> forms.BooleanField:
    row = case.responsibility
    text = row.closing_condition if row else "问题已解决，现场已恢复"
    return forms.BooleanField(
        label=f"已达到结案条件：{text}", error_messages={"required": "未达到结案条件的，请选择“不予结案”。"}
    )


def _amount(case: Case) -> forms.DecimalField:
    return forms.DecimalField(
        label="延长多少",
        min_value=0,
        max_digits=7,
        decimal_places=2,
        help_text="单位与原时限相同，不超过原时限",
    )


#: How long an answer to an order usually has.
ANSWERED_WITHIN = Limit(Decimal(1), Unit.WORKING_DAY)


def _answer_by(case: Case) -> forms.DateTimeField:
    """Until when an order is answered; the end of the next working day is proposed, worked out where it is shown."""

    def proposed() -> dt.datetime:
        now = timezone.now()
        return start(now, ANSWERED_WITHIN, calendar_for(case.district_id, now)).due_at

    return forms.DateTimeField(
        label="答复期限",
        initial=proposed,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text="默认下一个工作日下班前，可以改",
    )


#: One way to ask for each word of the table.
FIELDS: dict[str, Callable[[Case, User], forms.Field]] = {
    "words": lambda case, user: WordsField(label="说明"),
    "reason": lambda case, user: WordsField(label="理由"),
    "photos": lambda case, user: PhotosField(address=ADDRESS, label="现场照片"),
    "position": lambda case, user: PositionField(label="现场位置"),
    # Filled in by static/js/position.js where the device gives the position; what is typed or pinned comes from a person.
    "position_source": lambda case, user: forms.ChoiceField(
        label="位置来源",
        choices=PositionSource.choices,
        initial=PositionSource.PIN.value,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "位置来源不正确，请重新定位。"},
    ),
    "far_reason": lambda case, user: forms.CharField(
        label="为什么不在现场",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "如：院门锁着，隔墙查看"}),
    ),
    "responsibility": lambda case, user: _responsibilities(case, case.category),
    "target": lambda case, user: CaseNumberField(
        user, label="并入哪个案件", help_text="完整的案件编号，如 261118-001518"
    ),
    "unit": lambda case, user: _units(case, "处置单位", propose=True),
    "refusal": lambda case, user: forms.ChoiceField(label="回退原因", choices=Refusal.choices),
    "right_unit": lambda case, user: _units(case, "认为应承办的单位", anywhere=True),
    "amount": lambda case, user: _amount(case),
    "until": lambda case, user: forms.DateField(
        label="挂账至", widget=forms.DateInput(attrs={"type": "date"}), help_text="到期自动恢复"
    ),
    "deadline": lambda case, user: _answer_by(case),
    "grade": lambda case, user: _grades(case),
    "condition_met": lambda case, user: _condition(case),
}


#: What may be given with a move beside what the table asks for.
MORE = (
    dict.fromkeys(("comment", "also_report"), ("photos",))
    | dict.fromkeys(CHECKS, ("far_reason", "position_source"))
    | {"correct_position": ("position_source",)}
)


def takes_photos(move: Move) -> bool:
    """Whether photos may come with a move."""
    return "photos" in (*move.needs, *MORE.get(move.name, ()))


class CaseMoveForm(MoveForm):
    """The form of a move of a case; the person saw one of its legs open."""

    SEEN = ("leg",)

    leg = forms.IntegerField(required=False, widget=forms.HiddenInput)


def move_form(
    move: Move,
    case: Case,
    user: User,
    data: Any = None,
    *,
    leg_id: int | None = None,
    category: Category | None = None,
) -> CaseMoveForm:
    """The form of a move on a case; unbound without data, with a fresh key. ``category`` lists its rows instead."""
    form = CaseMoveForm(data, initial={"leg": leg_id})
    for name in move.needs:
        form.ask_for(name, FIELDS[name](case, user))
    for name in MORE.get(move.name, ()):
        form.ask_for(name, FIELDS[name](case, user), is_needed=False)
    if move.name in CHECKS and data and data.get("position_source") == PositionSource.NONE:
        form.fields["position"].required = False
    if move.name == "adjudicate":
        _propose_nobody_who_refused(form, case)
    if category is not None and "responsibility" in form.fields:
        form.fields["responsibility"] = _responsibilities(case, category)
    return form


def _propose_nobody_who_refused(form: CaseMoveForm, case: Case) -> None:
    """Whoever decides a dispute chooses: the unit of the list is proposed only where it has not sent the case back."""
    field = form.fields["unit"]
    refused = case.legs.filter(outcome=Leg.Outcome.REFUSED).values_list("unit", flat=True)
    if field.initial in refused:
        field.initial, field.help_text = None, "权责清单建议的单位回退过，请选定单位"


#: What the numbers of a position were called: phones send reports that they kept then, and pages that they kept.
_EARLIER_NAMES = {"place_longitude": "position_longitude", "place_latitude": "position_latitude"}


def _in_names_of_today(data: Any) -> Any:
    if not data or not any(name in data for name in _EARLIER_NAMES):
        return data
    named = data.copy()
    for earlier, name in _EARLIER_NAMES.items():
        if earlier in named:
            named.setdefault(name, named[earlier])
    return named


class ReportForm(KeyedForm):
    """A report from the street, from the telephone or from another program."""

    SENT_BEFORE = "这一单已经上报过了。如果是另一件事，请再按一次上报。"

    position = PositionField(label="位置")
    #: Who says so (``PositionSource``), filled in by the page; a word that is none refuses no report.
    position_source = forms.CharField(required=False, widget=forms.HiddenInput)
    address = forms.CharField(label="位置描述", max_length=120, required=False)
    category = CategoryField(label="类别")
    #: What was searched for before the category was chosen; the picker fills it in.
    searched = forms.Field(required=False, widget=forms.HiddenInput)  # takes anything: it refuses no report
    condition = forms.CharField(label="情形", max_length=40, required=False)
    words = WordsField(label="情况说明", error_messages={"required": "请说明是什么问题。"})
    photos = PhotosField(address=ADDRESS, label="现场照片", required=False)

    def __init__(self, user: User, data: Any = None, **options: Any) -> None:
        self.user = user
        super().__init__(_in_names_of_today(data), **options)

    def clean_position_source(self) -> str:
        """Where nobody said, or in a word that is none, nothing is known of it."""
        told = self.cleaned_data["position_source"]
        return told if told in PositionSource.values else ""

    @property
    def given(self) -> dict[str, Any]:
        """The cleaned answers, as ``report`` takes them; empty ones are left out."""
        answers = {name: value for name, value in self.cleaned_data.items() if value}
        return {name: value for name, value in answers.items() if name not in ("key", "searched")}

    def teach(self, on: dt.date) -> None:
        """Keep what was searched for before this category was reported, so that others find it by the same words."""
        if asked := self.cleaned_data.get("searched"):
            note(asked, self.cleaned_data["category"], by=self.user, on=on)
