from django.core.management.base import BaseCommand

from cases.importing import import_categories, import_words


class Command(BaseCommand):
    help = "导入案件类别（国家标准与地方补充）及其常用说法；可重复执行，报告新增、变更与停用。"

    def handle(self, *, verbosity: int, **options) -> None:
        for changes in (import_categories(), import_words()):
            self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
