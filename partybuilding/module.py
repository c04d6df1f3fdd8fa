"""What the party half declares: its face, its panel on a case, what waits for people, what moves of cases do."""

from governance.modules import Face, Module, Panel
from partybuilding import panel
from partybuilding.actions import ending
from partybuilding.waiting import to_do

MODULE = Module(
    name="partybuilding",
    label="党建",
    faces=(Face("party", "党建", "flag", "/party/"),),
    panels=(Panel("whistle", "吹哨报到", "partybuilding/_panel.html", panel.context),),
    to_do=to_do,
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
