import datetime as dt

from django.core.management.base import BaseCommand
from django.utils import timezone

from cases.importing import import_responsibilities


class Command(BaseCommand):
    help = "导入权责清单；变更的条目另立新版本，报告新增、变更与终止。"

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--valid-from", type=dt.date.fromisoformat, help="新版本的生效日期，如 2026-01-01"
        )

    def handle(self, *, valid_from: dt.date | None, verbosity: int, **options) -> None:
        changes = import_responsibilities(on=timezone.localdate(), valid_from=valid_from)
        self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
