"""Recompute every chain of events and every anchor."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cases import anchors
from cases.models import CaseEvent, CaseText
from records import chain


class Command(BaseCommand):
    help = "核验全部案件记录链和历次锚点；--anchor 另写一行锚点到数据库之外"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--anchor", action="store_true")

    def handle(self, *args, anchor: bool, **options) -> None:
        if found := chain.broken(CaseEvent, CaseText):
            raise CommandError(f"{len(found)} 件案件的记录链不完整：{', '.join(map(str, found[:20]))}")
        try:
            wrong, kept = anchors.broken(), anchors.lines()
        except ValueError as error:
            raise CommandError(f"{error}，无法核对锚点") from None
        if wrong:
            raise CommandError(f"与锚点不符，记录曾被整链改写：{wrong[0]} 之前")
        if anchor:
            anchors.write(timezone.now())
            self.stdout.write(f"锚点已写入 {anchors.file().name}")
        self.stdout.write("记录链完整。")
        since = f"{len(kept)} 行锚点相符，自 {kept[0].at} 起" if kept else "还没有锚点可核对"
        self.stdout.write(f"{since}。")
