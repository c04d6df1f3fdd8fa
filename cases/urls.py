"""Addresses of cases: the case page, its moves, and the faces that list cases."""

from django.urls import path

from cases.views import case

app_name = "cases"

urlpatterns = [
    path("cases/<uuid:case_uuid>/", case.case_page, name="case"),
    path("cases/<uuid:case_uuid>/moves/<str:name>/", case.move_page, name="move"),
    path("cases/<uuid:case_uuid>/contact/", case.contact_page, name="contact"),
]
