"""Recompute every chain of events and every anchor, of cases and of whatever else is kept (``records/histories.py``)."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from records.anchors import Anchor
from records.histories import HISTORIES, History


class Command(BaseCommand):
    help = "核验全部记录链和历次锚点；--anchor 另写一行锚点到数据库之外"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--anchor", action="store_true")

    def handle(self, *args, anchor: bool, **options) -> None:
        kept = [line for history in HISTORIES for line in self._verified(history)]
        if anchor:
            for history in HISTORIES:
                history.anchors.write(timezone.now())
                self.stdout.write(f"锚点已写入 {history.anchors.file().name}")
        self.stdout.write("记录链完整。")
        since = (
            f"{len(kept)} 行锚点相符，自 {min(line.at for line in kept)} 起" if kept else "还没有锚点可核对"
        )
        self.stdout.write(f"{since}。")

    def _verified(self, history: History) -> list[Anchor]:
        """The anchors of a history that holds; raises ``CommandError`` for one that does not."""
        if broken := history.broken():
            raise CommandError(
                f"{len(broken)} {history.counted}的记录链不完整：{', '.join(map(str, broken[:20]))}"
            )
        try:
            wrong, kept = history.anchors.broken(), history.anchors.lines()
        except ValueError as error:
            raise CommandError(f"{error}，无法核对锚点") from None
        if wrong:
            raise CommandError(f"与锚点不符，记录曾被整链改写：{wrong[0]} 之前")
        return kept
