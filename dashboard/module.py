"""What the boards declare: their face, and what a case shows of its exclusions."""

from dashboard.exclusions import panel
from governance.modules import Face, Module, Panel

MODULE = Module(
    name="dashboard",
    label="看板",
    faces=(Face("board", "看板", "chart", "/board/"),),
    panels=(Panel("exclusion", "剔除", "dashboard/_exclusion_panel.html", panel),),
)
