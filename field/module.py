"""What the phone declares: its face, the page of who leads a neighbourhood, and the small tasks that wait for them."""

from field.views.neighbourhood import to_do
from governance.modules import Face, Module, PhonePage
from governance.roles import NEIGHBOUR_ROLES

MODULE = Module(
    name="field",
    label="现场",
    is_needed=True,
    faces=(Face("field", "现场", "pin", "/field/"),),
    phone=(PhonePage("楼组", "home", "/field/neighbourhood/", roles=NEIGHBOUR_ROLES),),
    to_do=to_do,
)
