"""Addresses of the phone, and of the worker that it keeps for times without signal."""

from django.urls import path

from field.views import home, me, near, neighbourhood, offline, patrol, report

app_name = "field"

urlpatterns = [
    path("field/", home.home, name="home"),
    path("field/near/", near.near, name="near"),
    path("field/me/", me.me, name="me"),
    path("field/moved/<uuid:case_uuid>/", home.done, name="moved"),
    path("field/report/", report.report_page, name="report"),
    path("field/reports/<uuid:case_uuid>/", report.done, name="done"),
    path("field/neighbourhood/", neighbourhood.neighbourhood, name="neighbourhood"),
    path("field/neighbourhood/<int:asked_id>/", neighbourhood.answer, name="answer"),
    path("field/locate/", report.locate, name="locate"),
    path("field/nearby/", report.nearby, name="nearby"),
    path("field/patrols/", patrol.patrols, name="patrols"),
    path("field/patrols/keep/", patrol.keep, name="patrol_keep"),
    path("field/patrols/<uuid:patrol_uuid>/", patrol.patrol, name="patrol"),
    path("field/patrols/<uuid:patrol_uuid>/forget/", patrol.forget, name="patrol_forget"),
    path("field/shell/", offline.shell, name="shell"),
    path("field/offline/", offline.offline, name="offline"),
    path("field/unsent/", offline.unsent, name="unsent"),
    path("field/kept/", offline.kept, name="kept"),
    path("field/key/", offline.key_of_store, name="key"),
    path("field/sw.js", offline.earlier_worker, name="earlier_worker"),
    path("sw.js", offline.service_worker, name="worker"),
]
