"""What the desk declares: its face."""

from governance.modules import Face, Module

MODULE = Module(name="desk", label="工作台", faces=(Face("desk", "工作台", "desk", "/desk/"),))
