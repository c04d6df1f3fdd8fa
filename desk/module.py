"""What the desk declares: its face."""

from governance.modules import Face, Module

MODULE = Module(
    name="desk", label="工作台", is_needed=True, faces=(Face("desk", "工作台", "desk", "/desk/"),)
)
