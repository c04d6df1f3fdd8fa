"""Measure requests against the speed table: statements and CPU of application and database, at sizes asked for.

``make bench ARGS="--size 117000"`` takes the demo cases of the bench's own servers (made on the first run), copies them
to the size in a clone that nothing else uses, and prints each row beside its floors: a bare Django view, and the same
SQL without the application. Growth is printed when more than one size is given.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STATEMENT_SECONDS", "3600")  # the web's wait, but as long as copying takes
os.environ["PLAIN_STATIC"] = "1"  # no collected files are needed to render a page

import config.wsgi  # noqa: F401, I001  (the program as it is served, before any model is named)
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone

from bench_boards import look, trigger_cost, without_worker
from bench_probes import probes, sweep_escalations
from bench_rows import Result, measure
from bench_sizes import grow, prepare_base


def bare(request: HttpRequest) -> HttpResponse:
    """The floor below which no Django view goes."""
    return HttpResponse("ok")


def signed_in(request: HttpRequest) -> HttpResponse:
    """What knowing the person costs: session, user, posts."""
    return HttpResponse(str(len(request.user.authority.posts)))


urlpatterns = [
    path("bench/bare/", bare),
    path("bench/signed-in/", signed_in),
    path("", include("config.urls")),
]


def table(results: list[Result], before: dict[str, Result]) -> None:
    """Print every row with its aims, its floors and, beside a smaller size, its growth."""
    grown = f"{'growth':>8}" if before else ""
    print(
        f"{'':34}{'statements':>12}{'app ms':>9}{'db ms':>8}{'total':>8}{'aim':>6}{'':>3}"
        f"{'× bare':>8}{'SQL alone':>11}{'kB':>7}{grown}"
    )
    bare_ms = results[0].total
    for row in results:
        probe = row.probe
        kept = row.total <= probe.milliseconds and row.statements <= probe.statements
        alone = "" if row.alone is None else f"{row.alone:.1f}"
        growth = f"{row.total / before[probe.name].total:>8.2f}" if before else ""
        print(
            f"{probe.name:34}{f'{row.statements} / {probe.statements}':>12}{row.app:>9.1f}{row.database:>8.1f}"
            f"{row.total:>8.1f}{probe.milliseconds:>6.0f}{'' if kept else ' !':>3}{row.total / bare_ms:>8.1f}"
            f"{alone:>11}{row.size / 1000:>7.1f}{growth}"
        )
    print(
        "\nStatements stand above the signed-in floor; ! marks a row beyond its aim in one of the two.",
        flush=True,
    )


def show_plans(results: list[Result]) -> None:
    """The plan of the most expensive statement of every row that misses its aim."""
    for row in results:
        if row.slowest and row.total > row.probe.milliseconds:
            for cost, sql in row.slowest[:2]:
                print(f"\n{row.probe.name}: {cost:.1f} ms\n{sql}")
                with connection.cursor() as cursor:
                    cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql)
                    print("\n".join(line for (line,) in cursor.fetchall()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, action="append", help="cases to measure at; may be given twice")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--again", action="store_true", help="measure the copies that an earlier run made")
    parser.add_argument("--plans", action="store_true", help="plans of statements that cost too much")
    arguments = parser.parse_args()
    settings.ROOT_URLCONF = __name__
    base = prepare_base()
    before: dict[str, Result] = {}
    for size in arguments.size or [117_000]:
        grow(base, size, again=arguments.again)
        if arguments.only in "boards":
            look()
        chosen = [p for p in probes() if arguments.only in p.name or p.name.startswith(("bare", "signed"))]
        floor, results, worker = measure(chosen)
        print(
            f"{timezone.localtime():%Y-%m-%d %H:%M}, signed-in floor: {floor} statements,"
            f" load {', '.join(f'{one:.1f}' for one in os.getloadavg())}\n",
            flush=True,
        )
        table(results, before)
        if worker.moves:
            print(
                f"worker: {worker.moves:,} moves counted, {worker.milliseconds / worker.moves:.1f} ms a move",
                flush=True,
            )
        if arguments.only in "boards":
            without_worker()
            trigger_cost()
        if arguments.only in "sweep":
            sweep_escalations()
        if arguments.plans:
            show_plans(results)
        before = {row.probe.name: row for row in results}


if __name__ == "__main__":
    main()
