"""What patrols declare: nothing to others but themselves; their pages are the phone's."""

from governance.modules import Module

MODULE = Module(name="patrols", label="巡查", is_needed=True)
