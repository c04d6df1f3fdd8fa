"""``manage.py demo``: an invented district on real divisions."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from random import Random
from unicodedata import east_asian_width

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from cases.importing import import_categories, import_responsibilities, import_words, import_workdays
from cases.models import Case
from demo.accounts import DEMO_PASSWORD, accounts
from demo.excluding import exclude_some
from demo.giving_way import give_way
from demo.hands import Hands
from demo.history import first_day, make_more, plan_of
from demo.kinds import settle_kinds
from demo.looking_back import decide_missed, look_back, put_off
from demo.neighbouring import give_tasks, neighbours_jobs, settle_neighbourhoods
from demo.party import make_party
from demo.patrolling import make_patrols
from demo.photos import Album
from demo.staff import settle_staff
from demo.world import YEAR, World, make_first
from governance.importing import import_divisions
from grid.importing import import_grids
from partybuilding.importing import import_whistle_rules
from partybuilding.models import Whistle

SEED, SEED_MORE = 20261, 20262
WIDTHS = (12, 8, 14, 22, 0)


def padded(text: str, width: int) -> str:
    """Fill up to a width on screen, where a Chinese character takes two columns."""
    return text + " " * max(1, width - sum(2 if east_asian_width(c) in "WF" else 1 for c in text))


class Command(BaseCommand):
    help = "演示数据：首次生成约 300 件案件和 30 件哨单；--more 再补全年约 5200 件和 30 件；--accounts 列出演示账号。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--accounts", action="store_true", help="只列出演示账号")
        parser.add_argument("--more", action="store_true", help="在已有案件之间补足一年的历史")
        parser.add_argument(
            "--only",
            choices=["party", "kinds", "exclusions"],
            help="只补一部分：party 哨单（已有案件、还没有哨单时），kinds 社区类型，exclusions 剔除申请",
        )

    def handle(self, *, accounts: bool, more: bool, only: str | None = None, **options) -> None:
        if accounts:
            return self.print_accounts()
        with connection.cursor() as cursor:
            # A power cut may cost invented cases, never the order of what is written.
            cursor.execute("SET synchronous_commit TO off")
        if only == "party":
            return self.make_only_party()
        if only == "kinds":  # for a site that was made before communities had kinds
            return settle_kinds(now=timezone.now())
        if only == "exclusions":  # for a site that was made before cases could be excluded
            exclude_some(Hands(Random(SEED), Album(Random(SEED)).take), timezone.now())
            return None
        if more:
            return self.make_more()
        if Case.objects.exists():
            self.stdout.write("已有案件，不再生成演示数据。")
            return None
        return self.make_first()

    def print_accounts(self) -> None:
        self.stdout.write(f"演示账号，密码均为 {DEMO_PASSWORD}")
        self.print_row("账号", "姓名", "岗位", "所在", "看什么")
        for group, rows in groupby(accounts(), key=lambda one: one.group):
            self.stdout.write(group)
            for one in rows:
                self.print_row(one.username, one.name, one.role, one.place, one.sees)

    def print_row(self, *texts: str) -> None:
        line = "".join(padded(text, width) for text, width in zip(texts, WIDTHS, strict=True))
        self.stdout.write(f"  {line}".rstrip())

    def make_first(self) -> None:
        now, begun = timezone.now(), time.monotonic()
        album = Album(Random(SEED))
        with ThreadPoolExecutor(1) as pool:
            pictures = pool.submit(album.open)
            self.import_basis(now.date())
            pictures.result()
        world = World(now, SEED, album)
        more = neighbours_jobs(world)
        made = make_first(world, plan_of(world, first_day()), self.progress("案件"), more)
        give_tasks(now)
        whistles = make_party(world, self.progress("哨单"), first=True, earlier=False)
        make_patrols(world.random, now)
        put_off(first_day())
        exclude_some(world.hands, timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(
            f"演示数据就绪：{made} 件案件，{whistles} 件哨单，用时 {time.monotonic() - begun:.0f} 秒"
        )

    def import_basis(self, today) -> None:
        for changes in (
            import_divisions(on=today),
            *import_grids(on=today),
            import_categories(),
            import_words(),
        ):
            self.stdout.write(str(changes))
        for changes in (import_responsibilities(on=today), *import_workdays(now=timezone.now())):
            self.stdout.write(str(changes))
        import_whistle_rules(on=today - YEAR)
        settle_staff()
        settle_kinds(now=timezone.now())
        settle_neighbourhoods()
        self.stdout.write("人员与岗位、社区类型：已就绪")

    def make_more(self) -> None:
        os.nice(15)  # the people on the site come first
        album = Album(Random(SEED_MORE))
        album.open()
        world = World(timezone.now(), SEED_MORE, album)
        whistles = make_party(world, self.in_background("历史哨单"), first=False, earlier=True)
        day = first_day()
        made = make_more(world, plan_of(world, day), day, self.in_background("全年案件"))
        found = look_back(day)
        decide_missed(world.hands, world.random, timezone.now())
        exclude_some(world.hands, timezone.now())
        self.stdout.write(f"夜间排查发现 {found} 条")
        self.stdout.write(f"全年案件已补 {made} 件，历史哨单已补 {whistles} 件")

    def make_only_party(self) -> None:
        """For a site that was made before there were whistles."""
        if not Case.objects.exists() or Whistle.objects.exists():
            self.stdout.write("还没有案件，或已有哨单，不再生成哨单。")
            return
        now = timezone.now()
        import_whistle_rules(on=now.date() - YEAR)
        album = Album(Random(SEED_MORE))
        album.open()
        world = World(now, SEED_MORE, album)
        made = make_party(world, self.progress("哨单"), first=True, earlier=True)
        self.stdout.write(f"哨单已生成 {made} 件")

    def in_background(self, what: str) -> Callable[[int, int], None]:
        """The same for work that waits while people use the site."""
        show = self.progress(what)

        def next_one(done: int, total: int) -> None:
            show(done, total)
            give_way()

        return next_one

    def progress(self, what: str) -> Callable[[int, int], None]:
        """One line that is renewed on a screen; in a log, a line every tenth."""
        tenth = -1

        def show(done: int, total: int) -> None:
            nonlocal tenth
            line = f"{what}：{done} / {total}（{100 * done // total}%）"
            if self.stdout.isatty():
                self.stdout.write(f"\r{line}", ending="\n" if done == total else "")
                self.stdout.flush()
            elif 10 * done // total > tenth:
                tenth = 10 * done // total
                self.stdout.write(line)
                self.stdout.flush()

        return show
