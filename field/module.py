"""What the phone declares: its face."""

from governance.modules import Face, Module

MODULE = Module(name="field", label="现场", is_needed=True, faces=(Face("field", "现场", "pin", "/field/"),))
