"""Write ``docs/measures.md`` from the definitions of the measures, or check that it still agrees."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from appraisal.cards import page


class Command(BaseCommand):
    help = "由指标的定义生成 docs/measures.md；--check 只比较"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args, check: bool, **options) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "measures.md"
        text = page()
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("docs/measures.md 与指标的定义不一致，请运行 manage.py measures_page。")
