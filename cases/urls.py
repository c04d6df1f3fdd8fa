"""Addresses for programs; those of photos and of the map are for pages too."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from cases import api, base_map, map_api, parts_api
from governance.responses import answers_json

app_name = "cases"

urlpatterns = [
    path("map/cases.json", map_api.cases_json, name="map_cases"),
    path("map/areas.json", map_api.areas_json, name="map_areas"),
    path("map/base.json", base_map.base_json, name="map_base"),
    path("map/base/<slug:version>.pmtiles", base_map.base_file, name="map_base_file"),
    path("api/v1/map/", map_api.MapView.as_view(), name="api_map"),
    path("api/v1/categories/", api.CategoryList.as_view(), name="api_categories"),
    path("api/v1/cases/", api.CaseList.as_view(), name="api_cases"),
    path("api/v1/cases/<uuid:case_uuid>/", api.CaseDetail.as_view(), name="api_case"),
    path("api/v1/cases/<uuid:case_uuid>/moves/<str:name>/", api.CaseMove.as_view(), name="api_move"),
    path("api/schema/", api.Schema.as_view(), name="api_schema"),
    path(
        "api/docs/",
        # The split view loads its script from an address: no inline script, so our content policy stands.
        SpectacularSwaggerSplitView.as_view(url_name="cases:api_schema", template_name="api/docs.html"),
        name="api_docs",
    ),
    path("photos/", answers_json(api.PhotoUpload.as_view()), name="photos"),
    path("photos/parts/", parts_api.begin, name="photo_parts"),
    path("photos/parts/<uuid:key>/", parts_api.go_on, name="photo_part"),
    path("photos/<uuid:photo_uuid>.jpg", api.photo_file, name="photo"),
    path("photos/<uuid:photo_uuid>-s.jpg", api.photo_file, {"is_small": True}, name="photo_small"),
    path("photos/<uuid:photo_uuid>-m.jpg", api.marked_photo, name="photo_marked"),
]
