from django.core.management.base import BaseCommand
from django.utils import timezone

from cases.importing import PUBLISHED_YEARS, import_workdays


class Command(BaseCommand):
    help = "导入已公布年份的节假日与调休，并给各区设定工作时段。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--years", type=int, nargs="*", default=PUBLISHED_YEARS)

    def handle(self, *, years: list[int], verbosity: int, **options) -> None:
        for changes in import_workdays(now=timezone.now(), years=years):
            self.stdout.write("\n".join(changes.lines()) if verbosity > 1 else str(changes))
