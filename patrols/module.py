"""What patrols declare: their page on the phone, for whoever checks outdoors."""

from governance.modules import Module, PhonePage
from governance.roles import Duty

MODULE = Module(
    name="patrols",
    label="巡查",
    is_needed=True,
    phone=(PhonePage("巡查", "pin", "/field/patrols/", Duty.VERIFY),),
)
