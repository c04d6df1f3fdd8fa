"""The world every test starts from: the real divisions, grids, list and calendar, and the staff; no case yet."""

import datetime as dt

from cases.importing import import_categories, import_responsibilities, import_words, import_workdays
from demo.kinds import settle_kinds
from demo.staff import settle_staff
from governance.importing import import_divisions
from grid.importing import import_grids
from partybuilding.importing import import_whistle_rules

BEFORE_ALL = dt.date(2026, 1, 1)
BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: One community changed its kind on 1 June 2026.
LATELY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def build() -> None:
    """Fill an empty, migrated database."""
    import_divisions(on=BEFORE_ALL)
    import_grids(on=BEFORE_ALL)
    import_categories()
    import_words()
    import_responsibilities(on=BEFORE_ALL)
    import_workdays(now=BEGUN)
    settle_staff()
    settle_kinds(now=LATELY)
    import_whistle_rules(on=BEFORE_ALL)
