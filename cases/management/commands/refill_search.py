"""Write again the rows of the search that are missing or differ from their cases."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.models import Max

from cases.models import Case

#: Cases of one statement.
PART = 2_000
_WRONG = """
SELECT wanted.case_id FROM cases_search_rows(%s, %s) AS wanted LEFT JOIN cases_searchrow AS row USING (case_id)
WHERE row.case_id IS NULL OR row.plain <> wanted.plain OR NOT (row.keys @> wanted.keys AND wanted.keys @> row.keys)
"""


def _wrong() -> Iterator[int]:
    highest = Case.objects.aggregate(highest=Max("pk"))["highest"] or 0
    for lowest in range(0, highest + 1, PART):
        with connection.cursor() as cursor:
            cursor.execute(_WRONG, [lowest, lowest + PART - 1])
            found = cursor.fetchall()
        yield from (number for (number,) in found)


class Command(BaseCommand):
    help = "核对每件案件的检索行，缺的、不符的重新写；可在使用中运行，可重复运行"

    def handle(self, *args, **options) -> None:
        done = 0
        for number in _wrong():
            with transaction.atomic(), connection.cursor() as cursor:
                # Whoever moves the case waits, and writes the row after this.
                if Case.objects.select_for_update().filter(pk=number).values_list("pk").exists():
                    cursor.execute("SELECT cases_search_write(%s)", [number])
                    done += 1
        self.stdout.write(f"{done} 件案件的检索行已重新写入。")
