"""What the first page of the admin says that is the desk's to settle."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from cases.calendar import gap_for


def unpublished(request: HttpRequest) -> str | None:
    """The first page says what the desk of the duty chief says."""
    gap = gap_for(request.user, timezone.now())
    return gap and format_html('{} <a href="{}">录入放假安排</a>', gap.words, reverse("desk:calendar"))


admin.site.notes.append(unpublished)
