"""Write ``docs/workflow.md`` from the table of moves, or check that it still agrees."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cases.workflow import TABLE

HEAD = """# 流程：状态与动作

由 `cases/workflow.py` 生成（`manage.py workflow_diagram`），请勿手改；两者不一致时检查不通过。

"""


class Command(BaseCommand):
    help = "由动作表生成 docs/workflow.md；--check 只比较"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args, check: bool, **options) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "workflow.md"
        text = HEAD + TABLE.diagram()
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError("docs/workflow.md 与动作表不一致，请运行 manage.py workflow_diagram。")
