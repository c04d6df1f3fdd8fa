"""What the boards declare: their face."""

from governance.modules import Face, Module

MODULE = Module(
    name="dashboard", label="看板", is_needed=True, faces=(Face("board", "看板", "chart", "/board/"),)
)
