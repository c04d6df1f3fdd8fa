from django.core.management.base import BaseCommand
from django.utils import timezone

from governance.importing import PANLONG, import_divisions


class Command(BaseCommand):
    help = "导入区、街道、社区；可重复执行，报告新增、变更与终止。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--district", default=PANLONG, help="区级代码，默认盘龙区")

    def handle(self, *, district: str, verbosity: int, **options) -> None:
        changes = import_divisions(on=timezone.localdate(), district=district)
        self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
