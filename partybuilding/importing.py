"""The first rules of whistles of every district, from a file; later ones are set in the back office, dated."""

import datetime as dt
import tomllib
from pathlib import Path

from django.db import transaction

from governance.models import Level, Organization
from partybuilding.models import WhistleRule

FILE = Path(__file__).parent / "data" / "whistle_rules.toml"


@transaction.atomic
def import_whistle_rules(*, on: dt.date, file: Path = FILE) -> int:
    """Set the rules of the file, valid from a day, where a district has none of a kind yet; returns how many.

    Raises ``ValidationError`` for a row that does not fit.
    """
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["rule"]
    made = 0
    for district in Organization.objects.territories(Level.DISTRICT).active(on):
        have = set(WhistleRule.objects.filter(district=district).values_list("kind", flat=True))
        for row in rows:
            if row["kind"] not in have:
                rule = WhistleRule(district=district, valid_from=on, **row)
                rule.full_clean()
                rule.save()
                made += 1
    return made
