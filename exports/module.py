"""What exports declare: their addresses; which lists become files each module says itself (``exports.sources``)."""

from governance.modules import Module

MODULE = Module(name="exports", label="导出文件", is_needed=True)
