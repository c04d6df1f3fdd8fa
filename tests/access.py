"""Who may open what: endpoint × role; a named address that is missing here fails the tests.

The case asked for lies at the stage (尚义社区) and was reported by its grid worker; the photo hangs on it, the notice
is the worker's. ``sibling`` is a clerk of another community of the same street, ``stranger`` one of another street.
"""

from typing import NamedTuple

from demo.accounts import COMMUNITY, DISTRICT, STREET
from governance.roles import Role
from tests.people import ELSEWHERE

#: What happens: the page comes, it is forbidden, it is not there for this person, sign in first.
MAY, FORBIDDEN, HIDDEN, SIGN_IN = "may", "403", "404", "sign in"

#: One representative each, by role and place.
WHO: dict[str, tuple[Role, str]] = {
    "grid_worker": (Role.GRID_WORKER, COMMUNITY),
    "inspector": (Role.INSPECTOR, DISTRICT),
    "supervisor": (Role.SUPERVISOR, STREET),
    "volunteer": (Role.VOLUNTEER, COMMUNITY),
    "courtyard_leader": (Role.COURTYARD_LEADER, COMMUNITY),
    "building_leader": (Role.BUILDING_LEADER, COMMUNITY),
    "clerk": (Role.CLERK, COMMUNITY),
    "community_worker": (Role.COMMUNITY_WORKER, COMMUNITY),
    "acceptor": (Role.ACCEPTOR, STREET),
    "duty_chief": (Role.DUTY_CHIEF, STREET),
    "district_chief": (Role.DUTY_CHIEF, DISTRICT),
    "dispatcher": (Role.DISPATCHER, DISTRICT),
    "handler": (Role.HANDLER, f"{COMMUNITY}-property"),
    "leader": (Role.LEADER, DISTRICT),
    "deputy_leader": (Role.DEPUTY_LEADER, STREET),
    "secretary": (Role.SECRETARY, STREET),
    "deputy_secretary": (Role.DEPUTY_SECRETARY, COMMUNITY),
    "unit_head": (Role.UNIT_HEAD, f"{DISTRICT}-urban_management"),
    "liaison": (Role.LIAISON, f"{DISTRICT}-urban_management"),
    "auditor": (Role.AUDITOR, DISTRICT),
    "system_admin": (Role.SYSTEM_ADMIN, DISTRICT),
    "security_admin": (Role.SECURITY_ADMIN, DISTRICT),
    "sibling": (Role.CLERK, "530103001002"),
    "stranger": (Role.CLERK, ELSEWHERE),
}
ALL = frozenset(WHO)
ADMINISTRATORS = frozenset({"auditor", "system_admin", "security_admin"})
LOOP = ALL - ADMINISTRATORS
#: Who sees a case at the stage that its property company was asked to settle.
SEES_CASE = ALL - {
    "inspector", "volunteer", "courtyard_leader", "building_leader", "system_admin", "security_admin",
    "sibling", "stranger", "unit_head", "liaison",
}  # fmt: skip
#: Who works on it while its result waits for a drawn person.
WORKS_ON_CASE = frozenset({"clerk", "handler"})
WITH_TERRITORY = frozenset(
    {
        "grid_worker", "supervisor", "clerk", "community_worker", "acceptor", "duty_chief", "district_chief", "dispatcher", "leader",
        "deputy_leader", "secretary", "deputy_secretary", "auditor", "sibling", "stranger",
    }
)  # fmt: skip
#: Who opens the page of the community at the stage; its property company's is opened by its people too.
OPENS_PLACE = WITH_TERRITORY - {"sibling", "stranger"}
#: Whose boards have a place: a territory or a unit.
HAS_BOARD = WITH_TERRITORY | {"handler", "unit_head", "liaison"}
SEES_STATUS = ALL - {
    "grid_worker",
    "inspector",
    "volunteer",
    "courtyard_leader",
    "building_leader",
    "liaison",
}
#: Who sees all of the community of the stage.
SEES_COMMUNITY = WITH_TERRITORY - {"sibling", "stranger"}
COMMANDS_OR_LEADS = frozenset({"clerk", "duty_chief", "district_chief", "leader", "deputy_leader"})
DECIDES_MISSED = frozenset({"clerk", "supervisor", "duty_chief", "district_chief"})
OVERSEES_MISSED = DECIDES_MISSED | {"leader", "deputy_leader", "secretary", "deputy_secretary", "auditor"}
#: Who walks patrols.
OUTDOORS = frozenset({"grid_worker", "inspector", "supervisor"})
#: Of the property company or the community that has the case; chiefs and leaders above it who had no part in it.
ASKS_TO_EXCLUDE = frozenset({"clerk", "handler"})
AGREES_TO_EXCLUDE = frozenset({"clerk", "duty_chief", "district_chief", "leader", "deputy_leader"})
TAKES_CALLS = frozenset({"clerk", "acceptor", "sibling", "stranger"})
LEADS = frozenset({"leader", "deputy_leader"})
#: Who sees a whistle: territories above the spot, and the units that it calls.
SEES_WHISTLE = (SEES_CASE - {"handler"}) | {"unit_head", "liaison"}
#: Who blows, or answers for a unit, somewhere.
JOINS_WHISTLES = frozenset(
    {"leader", "deputy_leader", "secretary", "deputy_secretary", "unit_head", "liaison", "handler"}
)
#: Who may blow some kind of whistle at the stage, or ask the street to.
BLOWS = frozenset({"leader", "deputy_leader", "secretary", "deputy_secretary"})
LEADS_NEIGHBOURS = frozenset({"volunteer", "courtyard_leader", "building_leader"})
GIVES_TASKS = frozenset({"clerk", "community_worker", "sibling", "stranger"})
KEEPS_CALENDAR = frozenset({"system_admin", "district_chief"})
KEEPS_LISTS = frozenset({"system_admin", "auditor"})
KEEPS_PEOPLE = frozenset({"security_admin", "auditor"})
READS_LOOKS = frozenset({"auditor"})


class Endpoint(NamedTuple):
    """One named address: who may, what the others meet, and what somebody without a session meets."""

    name: str
    path: str
    may: frozenset[str] = ALL
    others: str = HIDDEN
    anonymous: str = SIGN_IN
    method: str = "get"
    seeing: frozenset[str] = frozenset()  # in scope, but not theirs to do


BOX = "west=102.6&south=24.9&east=103&north=25.3&box=102.6,24.9,103,25.3&zoom=12"

# fmt: off
ENDPOINTS = (
    # Signing in, the way home, the inbox
    Endpoint("governance:home",         "/"),
    Endpoint("governance:login",        "/login/",                              anonymous=MAY),
    Endpoint("governance:password",     "/account/password/"),
    Endpoint("governance:inbox",        "/inbox/"),
    Endpoint("governance:read_all",     "/inbox/read/",                         method="post"),
    Endpoint("governance:notice",       "/inbox/{notice}/",                     frozenset({"grid_worker"})),
    Endpoint("exports:own",             "/exports/"),
    Endpoint("exports:new",             "/exports/new/cases/"),
    Endpoint("exports:file",            "/exports/{export}/",                   frozenset({"grid_worker"})),
    Endpoint("exports:drop",            "/exports/{dropped}/drop/",             frozenset({"grid_worker"}), method="post"),
    Endpoint("governance:healthz",      "/healthz",                             anonymous=MAY),
    Endpoint("governance:ready",        "/healthz/ready",                       anonymous=MAY),  # ages and states alone
    Endpoint("governance:status",       "/status/",                             SEES_STATUS, FORBIDDEN),
    Endpoint("governance:help",         "/help/"),
    Endpoint("governance:help_words",   "/help/words/"),
    Endpoint("governance:help_of",      "/help/clerk/"),
    Endpoint("governance:styleguide",   "/styleguide/",                         anonymous=MAY),  # in the demo only
    # The phone
    Endpoint("field:home",             "/field/"),
    Endpoint("field:near",        "/field/near/?lon=102.73&lat=25.04"),
    Endpoint("field:me",          "/field/me/"),
    Endpoint("field:moved",       "/field/moved/{case}/",                 SEES_CASE),
    Endpoint("field:report",      "/field/report/",                       LOOP, FORBIDDEN),
    Endpoint("field:done",        "/field/reports/{case}/",               SEES_CASE),
    # A small task of a building whose leader is here
    Endpoint("field:neighbourhood", "/field/neighbourhood/",               LEADS_NEIGHBOURS, FORBIDDEN),
    Endpoint("field:answer",      "/field/neighbourhood/{asked}/",        frozenset({"building_leader"}), method="post"),
    Endpoint("field:locate",      "/field/locate/?lon=102.73&lat=25.04"),
    Endpoint("field:nearby",      "/field/nearby/?lon=102.73&lat=25.04"),
    Endpoint("field:patrols",     "/field/patrols/",                      OUTDOORS, FORBIDDEN),
    Endpoint("field:patrol_keep", "/field/patrols/keep/",                 OUTDOORS, FORBIDDEN, method="post"),
    Endpoint("field:patrol",      "/field/patrols/{patrol}/",             frozenset({"grid_worker"}), seeing=ALL - OUTDOORS),
    Endpoint("field:patrol_forget", "/field/patrols/{patrol}/forget/",    frozenset({"grid_worker"}), method="post", seeing=ALL - OUTDOORS),
    Endpoint("field:shell",       "/field/shell/",                        anonymous=MAY),  # an empty form
    Endpoint("field:offline",     "/field/offline/",                      anonymous=MAY),  # says that there is no signal
    Endpoint("field:kept",        "/field/kept/"),
    Endpoint("field:unsent",      "/field/unsent/",                       anonymous=MAY),  # filled by the phone
    Endpoint("field:key",         "/field/key/",                          LOOP, FORBIDDEN, method="post"),
    Endpoint("field:worker",            "/sw.js",                               anonymous=MAY),  # a script without data
    Endpoint("field:earlier_worker",      "/field/sw.js",                         anonymous=MAY),  # a script without data
    Endpoint("desk:categories",        "/categories/"),
    Endpoint("desk:category_words",    "/categories/words.json",               anonymous=MAY),  # the catalogue, no data of people
    # The desk
    Endpoint("desk:list",              "/desk/"),
    Endpoint("desk:list",              "/desk/?case={case}",                   SEES_CASE),
    Endpoint("desk:live",         "/desk/live/?since=0"),
    Endpoint("desk:live",         "/desk/live/?since=0&case={case}",      SEES_CASE),
    Endpoint("desk:bulk",         "/desk/bulk/register/"),
    Endpoint("desk:export",       "/desk/export/"),
    Endpoint("desk:gaps",         "/desk/gaps/",                          WITH_TERRITORY, FORBIDDEN),
    Endpoint("desk:calendar",          "/desk/calendar/",                      KEEPS_CALENDAR, FORBIDDEN),
    Endpoint("desk:tasks",        "/desk/tasks/",                         GIVES_TASKS, FORBIDDEN),
    Endpoint("desk:phone",        "/desk/phone/",                         TAKES_CALLS, FORBIDDEN),
    Endpoint("desk:phone_nearby", "/desk/phone/nearby/",                  TAKES_CALLS, FORBIDDEN),
    Endpoint("desk:phone_addresses", "/desk/phone/addresses/",            TAKES_CALLS, FORBIDDEN),
    # One case
    Endpoint("desk:case",              "/cases/{case}/",                       SEES_CASE),
    Endpoint("desk:move",              "/cases/{case}/moves/comment/",         SEES_CASE),
    Endpoint("desk:kept",              "/cases/{case}/kept/",                       SEES_CASE),
    Endpoint("desk:file",              "/cases/{case}/file/",                  SEES_CASE),
    Endpoint("desk:contact",           "/cases/{case}/contact/",               WORKS_ON_CASE, method="post", seeing=SEES_CASE),
    Endpoint("cases:photo",             "/photos/{photo}.jpg",                  SEES_CASE),
    Endpoint("cases:photo_small",       "/photos/{photo}-s.jpg",                SEES_CASE),
    Endpoint("cases:photo_marked",      "/photos/{photo}-m.jpg",                SEES_CASE),
    Endpoint("cases:photos",            "/photos/",                             LOOP, FORBIDDEN, SIGN_IN, "post"),
    Endpoint("cases:photo_parts",       "/photos/parts/",                       LOOP, FORBIDDEN, SIGN_IN, "post"),
    Endpoint("cases:photo_part",        "/photos/parts/{photo}/",               frozenset(), HIDDEN, method="post"),  # nobody has begun it
    # Maps and boards: everybody gets what the scope holds, which may be nothing
    Endpoint("cases:map_cases",         f"/map/cases.json?{BOX}"),
    Endpoint("cases:map_areas",         f"/map/areas.json?{BOX}"),
    Endpoint("cases:map_base",          "/map/base.json"),
    Endpoint("cases:map_base_file",     "/map/base/0.pmtiles",                  frozenset(), HIDDEN),  # no file is there
    Endpoint("dashboard:board",         "/board/"),
    Endpoint("dashboard:place",         "/board/places/{community}/",           OPENS_PLACE),
    Endpoint("dashboard:place",         "/board/places/{property}/",            OPENS_PLACE | {"handler"}),
    Endpoint("dashboard:mine",          "/board/mine/"),
    Endpoint("dashboard:trends",        "/board/trends/"),
    Endpoint("dashboard:map",           "/board/map/"),
    Endpoint("dashboard:map_values",    "/board/map/values.json?level=street",  WITH_TERRITORY, HIDDEN),
    Endpoint("dashboard:map_heat",      "/board/map/heat.json",                 HAS_BOARD, HIDDEN),
    Endpoint("dashboard:measures",      "/board/measures/",                     HAS_BOARD, HIDDEN),
    Endpoint("dashboard:measure",       "/board/measures/closed_in_time_rate/", HAS_BOARD, HIDDEN),
    Endpoint("dashboard:recount",       "/board/measures/closed_in_time_rate/recount/", HAS_BOARD, HIDDEN, method="post"),
    Endpoint("dashboard:counted",       "/board/counted/?measure=open_now",     HAS_BOARD, HIDDEN),
    Endpoint("dashboard:counted_export", "/board/counted/export/?measure=open_now", HAS_BOARD, HIDDEN),
    # The party half: lists hold what the scope holds, which may be nothing. The whistle hangs on a case at the stage and
    # calls the urban management of the district
    Endpoint("partybuilding:home",      "/party/"),
    Endpoint("partybuilding:whistles",  "/party/whistles/"),
    Endpoint("partybuilding:export",    "/party/whistles/export/"),
    Endpoint("partybuilding:proposals", "/party/proposals/",                    BLOWS, FORBIDDEN),
    Endpoint("partybuilding:decide",    "/party/proposals/0/decide/",           frozenset(), HIDDEN, method="post"),
    Endpoint("partybuilding:blow",      "/party/blow/{free_case}/",             BLOWS, HIDDEN, seeing=SEES_CASE - {"handler"}),
    Endpoint("partybuilding:whistle",   "/party/whistles/{whistle}/",           SEES_WHISTLE),
    Endpoint("partybuilding:move",      "/party/whistles/{whistle}/moves/note/", SEES_WHISTLE),
    Endpoint("partybuilding:call_move", "/party/whistles/{whistle}/calls/{call}/moves/sign/", SEES_WHISTLE),
    Endpoint("partybuilding:print",     "/party/whistles/{whistle}/print/",     SEES_WHISTLE),
    Endpoint("partybuilding:file",      "/party/whistles/{whistle}/file/",      SEES_WHISTLE),
    Endpoint("partybuilding:screen",    "/party/whistles/{whistle}/screen/",    frozenset({"secretary", "deputy_leader"}), seeing=SEES_WHISTLE),
    Endpoint("partybuilding:screen_code", "/party/screens/{whistle}/{ticket}/", anonymous=MAY),  # who has the address of a screen
    Endpoint("partybuilding:photos",    "/party/photos/",                       JOINS_WHISTLES, FORBIDDEN, SIGN_IN, "post"),
    Endpoint("partybuilding:photo_parts", "/party/photos/parts/",               JOINS_WHISTLES, FORBIDDEN, SIGN_IN, "post"),
    Endpoint("partybuilding:photo_part", "/party/photos/parts/{photo}/",        frozenset(), HIDDEN, method="post"),
    Endpoint("partybuilding:photo",     "/party/photos/{whistle_photo}.jpg",    SEES_WHISTLE),
    Endpoint("partybuilding:photo_small", "/party/photos/{whistle_photo}-s.jpg", SEES_WHISTLE),
    Endpoint("partybuilding:my_calls",  "/field/calls/"),
    Endpoint("partybuilding:phone_move", "/field/calls/{call}/moves/sign/",     SEES_WHISTLE),
    Endpoint("partybuilding:arrive",    "/field/arrive/{whistle}/",             SEES_WHISTLE),
    # Nightly looks: the report that was perhaps missed lies at the stage and is not decided
    Endpoint("dashboard:warnings",      "/board/warnings/"),
    Endpoint("dashboard:warning",       "/board/warnings/{warning}/",           SEES_COMMUNITY),
    Endpoint("dashboard:warning_dismiss", "/board/warnings/{warning}/dismiss/", COMMANDS_OR_LEADS, method="post", seeing=SEES_COMMUNITY),
    Endpoint("dashboard:repeats",       "/board/repeats/"),
    Endpoint("dashboard:repeat",        "/board/repeats/{repeat}/",             SEES_COMMUNITY),
    Endpoint("dashboard:missed",        "/board/missed/",                       OVERSEES_MISSED | {"grid_worker", "sibling", "stranger"}, FORBIDDEN),
    Endpoint("dashboard:missed_decide", "/board/missed/{missed}/decide/",       DECIDES_MISSED, method="post", seeing=OVERSEES_MISSED),
    # Exclusions: of the case at the stage one is asked for, in public; of a free one nobody has asked
    Endpoint("dashboard:exclusions",    "/board/exclusions/",                   HAS_BOARD, HIDDEN),
    Endpoint("dashboard:exclusions_export", "/board/exclusions/export/",        HAS_BOARD, HIDDEN),
    Endpoint("dashboard:exclusion",     "/board/exclusions/{exclusion}/",       SEES_CASE),
    Endpoint("dashboard:exclusion_ask", "/board/exclusions/cases/{case}/",      ASKS_TO_EXCLUDE, seeing=SEES_CASE),
    Endpoint("dashboard:exclusion_decide", "/board/exclusions/{exclusion}/decide/", AGREES_TO_EXCLUDE, method="post", seeing=SEES_CASE),
    Endpoint("dashboard:audit",         "/board/audit/",                        READS_LOOKS, FORBIDDEN),
    Endpoint("dashboard:walls",         "/board/walls/",                        LEADS, FORBIDDEN),
    Endpoint("dashboard:wall_revoke",   "/board/walls/{wall}/end/",             frozenset({"leader"}), method="post"),
    # A screen on a wall has a token of its own; whoever is signed in without one sees nothing there
    Endpoint("dashboard:wall",          "/wall/",                               frozenset(), FORBIDDEN, FORBIDDEN),
    Endpoint("dashboard:wall_cases",    f"/wall/cases.json?{BOX}",              frozenset(), FORBIDDEN, FORBIDDEN),
    Endpoint("dashboard:wall_areas",    f"/wall/areas.json?{BOX}",              frozenset(), FORBIDDEN, FORBIDDEN),
    Endpoint("dashboard:wall_base",     "/wall/base.json",                      frozenset(), FORBIDDEN, FORBIDDEN),
    Endpoint("dashboard:wall_base_file", "/wall/base/0.pmtiles",                frozenset(), FORBIDDEN, FORBIDDEN),
    Endpoint("dashboard:wall_open",     "/wall/open/",                          anonymous=MAY),  # asks for the code
    # Programs
    Endpoint("cases:api_map",           f"/api/v1/map/?{BOX}",                  anonymous=SIGN_IN),
    Endpoint("cases:api_categories",    "/api/v1/categories/",                  anonymous=SIGN_IN),
    Endpoint("cases:api_cases",         "/api/v1/cases/",                       anonymous=SIGN_IN),
    Endpoint("cases:api_case",          "/api/v1/cases/{case}/",                SEES_CASE, anonymous=SIGN_IN),
    Endpoint("cases:api_move",          "/api/v1/cases/{case}/moves/comment/",  SEES_CASE, HIDDEN, SIGN_IN, "post"),
    Endpoint("cases:api_schema",        "/api/schema/",                         anonymous=MAY),  # describes, holds no data
    Endpoint("cases:api_docs",          "/api/docs/",                           anonymous=MAY),
    # Configuration: three separate administrators 三员分立; the row of a list stands for its forms too
    Endpoint("admin:index",                           "/admin/",                              ADMINISTRATORS),
    Endpoint("admin:governance_organization_changelist", "/admin/governance/organization/",   ADMINISTRATORS),
    Endpoint("admin:governance_communitykind_changelist", "/admin/governance/communitykind/", KEEPS_LISTS),
    Endpoint("admin:governance_user_changelist",      "/admin/governance/user/",              KEEPS_PEOPLE),
    Endpoint("admin:governance_post_changelist",      "/admin/governance/post/",              KEEPS_PEOPLE),
    Endpoint("admin:governance_apikey_changelist",    "/admin/governance/apikey/",            KEEPS_LISTS),
    Endpoint("admin:governance_accesslog_changelist", "/admin/governance/accesslog/",         READS_LOOKS),
    Endpoint("admin:governance_signin_changelist",    "/admin/governance/signin/",            KEEPS_PEOPLE),
    Endpoint("admin:admin_logentry_changelist",       "/admin/admin/logentry/",               READS_LOOKS),
    Endpoint("admin:governance_outbox_changelist",    "/admin/governance/outbox/",            KEEPS_LISTS),
    Endpoint("admin:grid_grid_changelist",            "/admin/grid/grid/",                    KEEPS_LISTS),
    Endpoint("admin:grid_gridduty_changelist",        "/admin/grid/gridduty/",                KEEPS_LISTS),
    Endpoint("admin:neighbourhoods_neighbourhood_changelist", "/admin/neighbourhoods/neighbourhood/", KEEPS_LISTS),
    Endpoint("admin:neighbourhoods_neighbourhoodleader_changelist", "/admin/neighbourhoods/neighbourhoodleader/", KEEPS_LISTS),
    Endpoint("admin:dashboard_wall_changelist",       "/admin/dashboard/wall/",               KEEPS_PEOPLE),
    Endpoint("admin:cases_category_changelist",       "/admin/cases/category/",               KEEPS_LISTS),
    Endpoint("admin:cases_responsibility_changelist", "/admin/cases/responsibility/",         KEEPS_LISTS),
    Endpoint("admin:cases_workday_changelist",        "/admin/cases/workday/",                KEEPS_LISTS),
    Endpoint("admin:cases_calendaryear_changelist",   "/admin/cases/calendaryear/",           KEEPS_LISTS),
    Endpoint("admin:cases_calendarchange_changelist", "/admin/cases/calendarchange/",         KEEPS_LISTS),
    Endpoint("admin:cases_ruleoverride_changelist",   "/admin/cases/ruleoverride/",           KEEPS_LISTS),
    Endpoint("admin:cases_workinghours_changelist",   "/admin/cases/workinghours/",           KEEPS_LISTS),
    Endpoint("admin:appraisal_denominatorchoice_changelist", "/admin/appraisal/denominatorchoice/", KEEPS_LISTS),
    Endpoint("admin:partybuilding_whistlerule_changelist", "/admin/partybuilding/whistlerule/", KEEPS_LISTS),
    Endpoint("admin:partybuilding_whistleband_changelist", "/admin/partybuilding/whistleband/", KEEPS_LISTS),
    # Last, because it ends the session
    Endpoint("governance:logout",       "/logout/",                             anonymous=MAY, method="post"),
)
# fmt: on


def expected(endpoint: Endpoint, who: str) -> str:
    """What somebody meets; the admin is no part of the loop."""
    if who == "anonymous":
        return endpoint.anonymous
    if who in endpoint.may:
        return MAY
    if who in endpoint.seeing:
        return FORBIDDEN
    if endpoint.name.startswith("admin:"):
        return FORBIDDEN
    return endpoint.others


#: What a program with a key meets that did not report the case; everywhere else nobody who is signed in.
PROGRAM = {
    "cases:api_categories": MAY,
    "cases:api_cases": MAY,
    "cases:photos": MAY,
    "cases:api_case": HIDDEN,
    "cases:api_move": HIDDEN,
    "cases:api_map": FORBIDDEN,
}


#: Django's own addresses of the admin that are about no list.
ADMIN_ITSELF = frozenset(
    f"admin:{name}"
    for name in (
        "login", "logout", "password_change", "password_change_done", "jsi18n", "autocomplete", "view_on_site",
        "app_list", "auth_user_password_change",
    )
)  # fmt: skip
