import datetime as dt
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils import timezone

from partybuilding.importing import FILE, import_whistle_rules


class Command(BaseCommand):
    help = "导入吹哨规则：各区还没有的哨种照文件补上，已有的不动；以后的变动在后台按生效日期另立。"

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--valid-from", type=dt.date.fromisoformat, help="生效日期，如 2026-01-01；默认今天"
        )
        parser.add_argument("--file", type=Path, default=FILE, help="规则文件，默认随产品附带的示例")

    def handle(self, *, valid_from: dt.date | None, file: Path, **options) -> None:
        made = import_whistle_rules(on=valid_from or timezone.localdate(), file=file)
        self.stdout.write(f"吹哨规则：新增 {made}")
