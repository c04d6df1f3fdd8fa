"""The working calendar: the yearly notice pasted in, understood day by day, previewed, saved by one press."""

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cases.actions import timekeeping
from cases.actions.previewing import COUNTED, preview
from cases.calendar import gap_for
from cases.holidays import LONGEST_TEXT, Reading, lines_of, read_notice
from cases.models import CalendarChange, CalendarYear, WorkDay
from cases.permissions import may_keep_calendar
from governance.kept_forms import keeps_form, kept
from governance.profile import profile
from records.keyed import KeyedForm, shown_again
from records.refusals import KeyReused

#: Changes that the page lists.
LISTED = 10


class NoticeForm(KeyedForm):
    """A notice as it was pasted, and whether it is the whole arrangement of its year."""

    year = forms.TypedChoiceField(
        label="哪一年的安排",
        coerce=int,
        error_messages={"required": "请选择年份。", "invalid_choice": "请从列表中选择年份。"},
    )
    text = forms.CharField(
        label="放假通知",
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="粘贴国务院办公厅通知的全文；也可以每行一天：2027-01-01 放假 元旦（可从表格中复制）。",
        error_messages={
            "required": "请粘贴通知全文，或每行写一天。",
            "max_length": f"内容过长，最多 {LONGEST_TEXT:,} 字。",
            "null_characters_not_allowed": "内容里有无法识别的字符，请删去后再试。",
        },
    )
    complete = forms.BooleanField(label="这就是全年的安排，此后该年的时限不再标“暂定”", required=False)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        this = timezone.localdate().year
        self.fields["year"].choices = [(year, f"{year} 年") for year in range(this - 1, this + 3)]


@keeps_form()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_page(request: HttpRequest) -> HttpResponse:
    """The years and what is known of them; a POST shows what was understood, and with ``save`` saves it."""
    if not may_keep_calendar(request.user):
        raise PermissionDenied(f"工作日历由系统管理员和{profile().top.label}级值班长维护。")
    now = timezone.now()
    gap = gap_for(request.user, now)
    if request.method != "POST":
        year = gap.year if gap else timezone.localdate(now).year + 1
        return _show(request, NoticeForm(kept(request), initial={"year": year}), gap=gap)
    form = NoticeForm(request.POST)
    if not form.is_valid():
        return shown_again(_show(request, form, gap=gap), form)
    given = form.cleaned_data
    reading = read_notice(given["text"], given["year"])
    if reading.problems:
        return shown_again(_show(request, form, gap=gap, reading=reading), form)
    complete = reading.year if given["complete"] else None
    seen = _digest(reading, complete)
    if "save" in request.POST and request.POST.get("seen") == seen:  # edited since: shown again first
        try:
            change = timekeeping.arrange(
                reading.days,
                words=f"{reading.year} 年部分节假日安排",
                by=request.user,
                now=now,
                key=given["key"],
                complete=complete,
            )
        except KeyReused as refusal:
            form.refuse(refusal)
        else:
            return _saved(request, reading.year, change)
    found = preview(reading.days, complete=complete, by=request.user, now=now)
    more = {"reading": reading, "preview": found, "most": f"{COUNTED:,}", "seen": seen}
    shown = _show(request, form, gap=gap, **more)
    return shown_again(shown, form) if form.refusal else shown


def _saved(request: HttpRequest, year: int, change: CalendarChange | None) -> HttpResponse:
    if change is None:
        messages.info(request, f"{year} 年的安排与已有的完全相同，没有改动。")
    else:
        messages.success(request, f"{year} 年的安排已保存，受影响的在办时限正在重算，一般几分钟内完成。")
    return redirect("desk:calendar")


def _show(
    request: HttpRequest,
    form: NoticeForm,
    *,
    reading: Reading | None = None,
    **more: Any,
) -> HttpResponse:
    context = {
        "form": form,
        "reading": reading,
        "days": list(lines_of(reading.days)) if reading else [],
        "kept": _kept(reading) if reading else [],
        "years": CalendarYear.objects.select_related("declared_by").order_by("-year")[:LISTED],
        "changes": CalendarChange.objects.select_related("made_by", "district").order_by("-pk")[:LISTED],
        "preview": None,
        **more,
    }
    return render(request, "desk/calendar.html", context)


def _digest(reading: Reading, complete: int | None) -> str:
    """What was understood, in short: nothing is saved but what the person has seen."""
    return hashlib.sha256(repr((reading.year, reading.days, complete)).encode()).hexdigest()


def _kept(reading: Reading) -> list[WorkDay]:
    """Rows of the year that the text is silent about: they stay, and somebody should look at them."""
    return [row for row in WorkDay.objects.filter(day__year=reading.year) if row.day not in reading.days]
