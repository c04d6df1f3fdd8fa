"""Addresses of the board, and of the screens on walls that show it."""

from django.urls import path

from dashboard import walls
from dashboard.views import (
    audit,
    counted,
    exclusions,
    map,
    measures,
    missed,
    overview,
    passport,
    place,
    repeats,
    trends,
    warnings,
)

app_name = "dashboard"

urlpatterns = [
    path("board/", overview.board, name="board"),
    path("board/places/<int:pk>/", place.page, name="place"),
    path("board/trends/", trends.trends, name="trends"),
    path("board/map/", map.page, name="map"),
    path("board/map/values.json", map.values_json, name="map_values"),
    path("board/map/heat.json", map.heat_json, name="map_heat"),
    path("board/measures/", measures.catalogue, name="measures"),
    path("board/measures/<slug:key>/", passport.passport, name="measure"),
    path("board/measures/<slug:key>/recount/", passport.recount, name="recount"),
    path("board/counted/", counted.page, name="counted"),
    path("board/counted/export/", counted.export, name="counted_export"),
    path("board/mine/", overview.mine, name="mine"),
    path("board/warnings/", warnings.page, name="warnings"),
    path("board/warnings/<int:pk>/", warnings.one, name="warning"),
    path("board/warnings/<int:pk>/dismiss/", warnings.dismiss_page, name="warning_dismiss"),
    path("board/repeats/", repeats.page, name="repeats"),
    path("board/repeats/<int:pk>/", repeats.one, name="repeat"),
    path("board/missed/", missed.page, name="missed"),
    path("board/missed/<int:pk>/decide/", missed.decide_page, name="missed_decide"),
    path("board/exclusions/", exclusions.page, name="exclusions"),
    path("board/exclusions/export/", exclusions.export, name="exclusions_export"),
    path("board/exclusions/cases/<uuid:case_uuid>/", exclusions.ask_page, name="exclusion_ask"),
    path("board/exclusions/<int:pk>/", exclusions.one, name="exclusion"),
    path("board/exclusions/<int:pk>/decide/", exclusions.decide_page, name="exclusion_decide"),
    path("board/audit/", audit.page, name="audit"),
    path("board/walls/", walls.walls, name="walls"),
    path("board/walls/<int:pk>/end/", walls.revoke, name="wall_revoke"),
    path("wall/", walls.wall, name="wall"),
    path("wall/open/", walls.open_wall, name="wall_open"),
    path("wall/cases.json", walls.cases_json, name="wall_cases"),
    path("wall/areas.json", walls.areas_json, name="wall_areas"),
    path("wall/base.json", walls.base_json, name="wall_base"),
    path("wall/base/<slug:version>.pmtiles", walls.base_file, name="wall_base_file"),
]
