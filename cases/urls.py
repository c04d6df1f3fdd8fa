"""Addresses of cases: the case page, its moves, and the faces that list cases."""

from django.urls import include, path

from cases.views import calendar, case, categories, desk, field, offline, phone
from cases.views.map import MapView, areas_json, cases_json

app_name = "cases"

urlpatterns = [
    path("", include("cases.api_urls")),
    path("map/cases.json", cases_json, name="map_cases"),
    path("map/areas.json", areas_json, name="map_areas"),
    path("api/v1/map/", MapView.as_view(), name="api_map"),
    path("field/", field.home, name="field"),
    path("field/report/", field.report_page, name="field_report"),
    path("field/reports/<uuid:case_uuid>/", field.done, name="field_done"),
    path("field/locate/", field.locate, name="field_locate"),
    path("field/nearby/", field.nearby, name="field_nearby"),
    path("field/shell/", offline.shell, name="field_shell"),
    path("field/offline/", offline.offline, name="field_offline"),
    path("field/key/", offline.key_of_store, name="field_key"),
    path("field/sw.js", offline.earlier_worker, name="field_worker"),
    path("sw.js", offline.service_worker, name="worker"),
    path("categories/", categories.category_search, name="categories"),
    path("desk/", desk.desk, name="desk"),
    path("desk/export/", desk.export, name="desk_export"),
    path("desk/calendar/", calendar.calendar_page, name="calendar"),
    path("desk/gaps/", desk.gaps, name="desk_gaps"),
    path("desk/phone/", phone.phone, name="desk_phone"),
    path("desk/phone/nearby/", phone.nearby, name="desk_phone_nearby"),
    path("cases/<uuid:case_uuid>/", case.case_page, name="case"),
    path("cases/<uuid:case_uuid>/moves/<str:name>/", case.move_page, name="move"),
    path("cases/<uuid:case_uuid>/contact/", case.contact_page, name="contact"),
]
