"""What the desk declares: its face, and its list as a file."""

from desk.listed import wanted_by
from desk.sheet import SHEET, rows_of
from exports.sources import Source
from governance.modules import Face, Module

CASES = Source(
    "案件",
    "件",
    SHEET,
    name=lambda user, query: f"案件-{wanted_by(user, query).queue.label}",
    ids=lambda user, query, now, most: list(
        wanted_by(user, query).held(user, most, now).values_list("pk", flat=True)[:most]
    ),
    cells=rows_of,
)

MODULE = Module(
    name="desk",
    label="工作台",
    is_needed=True,
    faces=(Face("desk", "工作台", "desk", "/desk/"),),
    exports={"cases": CASES},
)
