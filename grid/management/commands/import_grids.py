from django.core.management.base import BaseCommand
from django.utils import timezone

from grid.importing import import_grids


class Command(BaseCommand):
    help = "导入示意网格与边界；可重复执行，报告新增、变更与终止。"

    def handle(self, *, verbosity: int, **options) -> None:
        for changes in import_grids(on=timezone.localdate()):
            self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
