from django.core.management.base import BaseCommand

from cases.importing import import_categories


class Command(BaseCommand):
    help = "导入案件类别（国家标准与地方补充）；可重复执行，报告新增、变更与停用。"

    def handle(self, *, verbosity: int, **options) -> None:
        changes = import_categories()
        self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
