"""What governance declares: the inbox, and the face of administrators."""

from governance.actions import to_inbox
from governance.modules import Face, Module

MODULE = Module(
    name="governance",
    label="人员与组织",
    is_needed=True,
    faces=(Face("admin", "配置与记录", "list", "/admin/"),),
    delivers={"inbox": to_inbox},
)
