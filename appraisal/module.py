"""What figures declare: nothing but themselves; boards show them, other modules add counters and measures."""

from governance.modules import Module

MODULE = Module(name="appraisal", label="考核", is_needed=True)
