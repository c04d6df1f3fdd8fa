"""Forms of the desk: the filters of its list, another category, a look at a number, a call."""

from functools import cached_property
from typing import Any

from django import forms

from cases.filters import FILTERS, SEARCH, FilterField, SearchField
from cases.forms import CategoryField, ReportForm
from governance import telephones
from governance.models import Level


def _choice(name: str, every: str = "全部", *, reverse: bool = False) -> FilterField:
    """A field for the choices of a filter; ``every`` is said where none is chosen."""
    choices = FILTERS[name].choices
    listed = choices[::-1] if reverse else choices
    return FilterField(label=FILTERS[name].label, required=False, choices=[("", every), *listed])


class FilterForm(forms.Form):
    """Filters of a list of cases; every one of them stands in the address."""

    queue = forms.CharField(required=False, widget=forms.HiddenInput)
    # Comes with an address of the board: nobody types whom a case waits for.
    waits = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)
    q = SearchField(
        label="搜索",
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "编号、内容、地点、单位", "data-key": "/"}
        ),
    )
    street = FilterField(label=FILTERS["street"].label, required=False)
    lateness = _choice("lateness", "全部时限", reverse=True)
    community = FilterField(label=FILTERS["community"].label, required=False)
    loop = _choice("loop")
    state = _choice("state")
    kind = _choice("kind")
    source = _choice("source")
    category = forms.CharField(label=FILTERS["category"].label, required=False, max_length=40)
    reported = _choice("reported", "不限")
    closed = _choice("closed", "不限")
    due = _choice("due", "不限")
    was_late = _choice("was_late", "不限")
    checked = _choice("checked", "不限")

    #: Always in sight; the others are a click away.
    FIRST = ("q", "street", "lateness")

    def __init__(self, data: Any, places: list[dict[str, Any]]) -> None:
        super().__init__(data)
        streets = [(str(p["pk"]), p["name"]) for p in places if p["level"] == Level.STREET]
        # Communities of one street; without one, a hundred of them in a row would help nobody.
        parent = str(data.get("street") or "") if len(streets) > 1 else ""
        chosen = str(data.get("community") or "")
        communities = [
            (str(p["pk"]), p["name"])
            for p in places
            if p["level"] == Level.COMMUNITY
            and (str(p["parent_id"]) == parent if parent else len(streets) < 2 or str(p["pk"]) == chosen)
        ]
        self.fields["street"].choices = [("", "全部街道"), *streets]
        self.fields["community"].choices = [("", "全部社区"), *communities]
        if len(streets) < 2:
            self.fields["street"].widget = forms.HiddenInput()
        if len(communities) < 2 and not (chosen and communities):
            self.fields["community"].widget = forms.HiddenInput()

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST if not self[name].is_hidden]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.FIRST]

    @cached_property
    def chosen(self) -> dict[str, str]:
        """What was understood; what was not is left out and marked at its field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and name != "queue"}

    @cached_property
    def in_use(self) -> list[forms.BoundField]:
        """Filters that narrow the list now."""
        return [self[name] for name in self.chosen]

    @property
    def more_in_use(self) -> int:
        return len([name for name in self.chosen if name not in self.FIRST])

    @property
    def asks_for_more(self) -> bool:
        """Whether a search was too short, which finds nothing."""
        return SEARCH in self.errors

    @property
    def comes_again(self) -> bool:
        """Whether the very same question may be asked again, as one with the words of a search hardly is."""
        return not {SEARCH, "category"} & set(self.chosen)

    @property
    def is_bounded(self) -> bool:
        """Whether a period says where the list ends."""
        return "reported" in self.chosen or "closed" in self.chosen


class CategoryForm(forms.Form):
    """Another category, for the list of responsibilities to be shown again."""

    category = CategoryField(label="换一个类别")


class LookForm(forms.Form):
    """Why somebody looks at a caller's number. It has no key: every look is written down, one sent again too."""

    reason = forms.CharField(
        label="查看事由",
        min_length=2,
        max_length=200,
        error_messages={"required": "请写明查看事由。", "min_length": "请写明查看事由，至少两个字。"},
    )


class TelephoneField(forms.CharField):
    """One to three telephone numbers; cleans to the text that is stored."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return telephones.read(text) if text else text
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None


class PhoneReportForm(ReportForm):
    """A resident on the telephone; the contact is encrypted and masked."""

    photos = None
    contact_name = forms.CharField(label="来电人称呼", max_length=40, required=False)
    contact_phone = TelephoneField(
        label="联系电话", max_length=telephones.MOST_CHARACTERS, help_text="手机、座机均可，可带分机"
    )
