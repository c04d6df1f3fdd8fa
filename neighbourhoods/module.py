"""What neighbourhoods declare: that the loop asks who leads one."""

from governance.modules import Module

MODULE = Module(name="neighbourhoods", label="楼组", is_needed=True)
