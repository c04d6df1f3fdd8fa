"""What the boards declare: their face."""

from governance.modules import Face, Module

MODULE = Module(name="dashboard", label="看板", faces=(Face("board", "看板", "chart", "/board/"),))
