"""What the party half declares: its face, its panel on a case, what waits for people, what moves of cases do."""

from pathlib import Path

from exports.sources import Source
from governance.modules import Face, Module, Panel, PhonePage
from governance.roles import Duty
from partybuilding import panel
from partybuilding.actions import ending
from partybuilding.counting import figures, shown, states_of
from partybuilding.filters import GROUPS, WhistleFilters
from partybuilding.grains import CALL, CLOCK, WHISTLE
from partybuilding.recounting import WHISTLES
from partybuilding.sheet import LIST, rows_of
from partybuilding.waiting import to_do

LISTED = Source(
    "哨单",
    "件",
    LIST,
    name=lambda user, query: f"哨单-{GROUPS[WhistleFilters(query, user).group][0]}",
    ids=lambda user, query, now, most: list(
        WhistleFilters(query, user).found(now).values_list("pk", flat=True)[:most]
    ),
    cells=rows_of,
)

MODULE = Module(
    name="partybuilding",
    label="党建",
    faces=(Face("party", "党建", "flag", "/party/"),),
    panels=(Panel("whistle", "吹哨报到", "partybuilding/_panel.html", panel.context),),
    phone=(PhonePage("哨令", "flag", "/field/calls/", Duty.ANSWER),),
    to_do=to_do,
    figures=figures,
    figures_title="吹哨报到",
    states_of=states_of,
    shows={"whistle": shown},
    grains=(WHISTLE, CALL, CLOCK),
    measures=Path(__file__).parent / "measures",
    histories=(WHISTLES,),
    exports={"whistles": LISTED},
    hears={
        "close": ending.case_ended,
        "decline": ending.case_ended,
        "withdraw": ending.case_ended,
        "merge": ending.case_ended,
        "grant_void": ending.case_ended,
        "fail": ending.case_failed,
        "refuse_closing": ending.case_failed,
    },
)
