"""Addresses of the desk, and of a case with its moves, whatever face shows it."""

from django.urls import path

from desk.views import (
    bulk,
    calendar,
    case,
    case_file,
    categories,
    gaps,
    kept,
    lists,
    live,
    phone,
    small_tasks,
)

app_name = "desk"

urlpatterns = [
    path("desk/", lists.desk, name="list"),
    path("desk/live/", live.live, name="live"),
    path("desk/export/", lists.export, name="export"),
    path("desk/bulk/<slug:name>/", bulk.bulk_page, name="bulk"),
    path("desk/gaps/", gaps.gaps, name="gaps"),
    path("desk/calendar/", calendar.calendar_page, name="calendar"),
    path("desk/tasks/", small_tasks.small_tasks, name="tasks"),
    path("desk/phone/", phone.phone, name="phone"),
    path("desk/phone/nearby/", phone.nearby, name="phone_nearby"),
    path("desk/phone/addresses/", phone.addresses, name="phone_addresses"),
    path("categories/", categories.own_categories, name="categories"),
    path("categories/words.json", categories.words_json, name="category_words"),
    path("cases/<uuid:case_uuid>/", case.case_page, name="case"),
    path("cases/<uuid:case_uuid>/moves/<str:name>/", case.move_page, name="move"),
    path("cases/<uuid:case_uuid>/kept/", kept.kept, name="kept"),
    path("cases/<uuid:case_uuid>/file/", case_file.case_file, name="file"),
    path("cases/<uuid:case_uuid>/contact/", case.contact_page, name="contact"),
]
