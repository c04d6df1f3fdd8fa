"""Recompute every chain of events; write today's anchor outside the database."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cases import chain


class Command(BaseCommand):
    help = "核验全部案件记录链；--anchor 另将当日锚点写到数据库之外"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--anchor", action="store_true")

    def handle(self, *args, anchor: bool, **options) -> None:
        found = chain.broken()
        if found:
            raise CommandError(f"{len(found)} 件案件的记录链不完整：{', '.join(map(str, found[:20]))}")
        if anchor:
            folder = Path(settings.DATA_DIR) / "anchors"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{timezone.localdate():%Y-%m-%d}.txt"
            path.write_text(chain.anchor() + "\n", encoding="utf-8")
            self.stdout.write(f"锚点已写入 {path.name}")
        self.stdout.write("记录链完整。")
