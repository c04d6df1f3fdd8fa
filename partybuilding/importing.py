"""The first rules of whistles of every district, from a file; later ones are set in the back office, dated."""

import datetime as dt
import tomllib
from pathlib import Path

from django.db import transaction

from governance.models import Level, Organization
from partybuilding.models import WhistleBand, WhistleRule

FILE = Path(__file__).parent / "data" / "whistle_rules.toml"


@transaction.atomic
def import_whistle_rules(*, on: dt.date, file: Path = FILE) -> int:
    """Set the rules and the band of the file, valid from a day, where a district has none yet; returns how many rules.

    Raises ``ValidationError`` for a row that does not fit.
    """
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    made = 0
    for district in Organization.objects.territories(Level.DISTRICT).active(on):
        have = set(WhistleRule.objects.filter(district=district).values_list("kind", flat=True))
        for row in content["rule"]:
            if row["kind"] not in have:
                _add(WhistleRule(district=district, valid_from=on, **row))
                made += 1
        if "band" in content and not WhistleBand.objects.filter(district=district).exists():
            _add(WhistleBand(district=district, valid_from=on, **content["band"]))
    return made


def _add(row: WhistleRule | WhistleBand) -> None:
    row.full_clean()
    row.save()
