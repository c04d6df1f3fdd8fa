"""The person's own page of the phone: posts, own reports, help, installing, signing out."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from governance import modules


@login_required
def me(request: HttpRequest) -> HttpResponse:
    return render(request, "field/me.html", {"pages": modules.phone_pages(request.user)})
