"""Addresses of the party half; those of people on the spot lie with the phone."""

from django.urls import path

from partybuilding.views import blowing, files, home, lists, photos, proposals, screen, spot, whistle

app_name = "partybuilding"

ONE = "party/whistles/<uuid:whistle_uuid>/"

urlpatterns = [
    path("party/", home.home, name="home"),
    path("party/whistles/", lists.whistles, name="whistles"),
    path("party/whistles/export/", files.export, name="export"),
    path("party/proposals/", proposals.proposals, name="proposals"),
    path("party/proposals/<int:proposal_id>/decide/", proposals.decide_page, name="decide"),
    path("party/blow/<uuid:case_uuid>/", blowing.blow, name="blow"),
    path(ONE, whistle.whistle_page, name="whistle"),
    path(f"{ONE}moves/<str:name>/", whistle.move_page, name="move"),
    path(f"{ONE}calls/<int:call_id>/moves/<str:name>/", whistle.call_move_page, name="call_move"),
    path(f"{ONE}print/", files.print_page, name="print"),
    path(f"{ONE}file/", files.whistle_file, name="file"),
    path(f"{ONE}screen/", screen.open_screen, name="screen"),
    path("party/screens/<uuid:whistle_uuid>/<str:ticket>/", screen.screen, name="screen_code"),
    path("party/photos/", photos.upload, name="photos"),
    path("party/photos/parts/", photos.begin, name="photo_parts"),
    path("party/photos/parts/<uuid:key>/", photos.go_on, name="photo_part"),
    path("party/photos/<uuid:photo_uuid>.jpg", photos.photo_file, name="photo"),
    path("party/photos/<uuid:photo_uuid>-s.jpg", photos.photo_file, {"is_small": True}, name="photo_small"),
    path("field/calls/", spot.my_calls, name="my_calls"),
    path("field/calls/<int:call_id>/moves/<str:name>/", spot.phone_move, name="phone_move"),
    path("field/arrive/<uuid:whistle_uuid>/", spot.arrive, name="arrive"),
]
