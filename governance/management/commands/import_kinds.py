from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from governance.importing import import_kinds, read_csv
from governance.models import User

COLUMNS = ("code", "kind", "valid_from", "reason")


class Command(BaseCommand):
    help = "导入社区类型：CSV 文件，列为 code、kind、valid_from、reason；可重复执行，已定的类型不改写。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, help="CSV 文件（UTF-8），类型用本地的叫法，日期如 2026-07-01")
        parser.add_argument("--by", required=True, help="由谁录入：账号")

    def handle(self, *, file: Path, by: str, verbosity: int, **options) -> None:
        try:
            rows = read_csv(file)
        except (OSError, UnicodeDecodeError) as problem:
            raise CommandError(f"读不了 {file}：{problem}") from problem
        if missing := [name for name in COLUMNS if rows and name not in rows[0]]:
            raise CommandError(f"{file} 缺少列：{'、'.join(missing)}")
        user = User.objects.filter(username=by, is_active=True).first()
        if user is None:
            raise CommandError(f"没有账号 {by}。")
        try:
            changes = import_kinds(rows, by=user, now=timezone.now())
        except ValueError as problem:
            raise CommandError(f"没有导入，请改正后再来：\n{problem}") from problem
        self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
