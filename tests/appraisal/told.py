"""Whether every column that counters may ask is what the events tell, of every row of every grain."""

from collections import defaultdict
from collections.abc import Iterator

from appraisal.grains import OF_RECORD, Grain, grains, records_of
from appraisal.recounting import histories, sources


def names_of(grain: Grain) -> list[str]:
    """Everything that a counter may ask of a row, without amounts: of dimensions those that differ by row."""
    own = set(grain.dimensions) - set(OF_RECORD)
    return sorted({*grain.columns, *grain.moments, *own})


def stored(grain: Grain, records: list[int]) -> dict[int, list[dict]]:
    """Rows by record, oldest first."""
    names = names_of(grain)
    asked = [*(grain.expression(name) for name in names), *(grain.amount(name) for name in grain.amounts)]
    rows = grain.rows().filter(**{f"{grain.record}__in": records})
    found = defaultdict(list)
    for record, *values in rows.order_by("pk").values_list(grain.record, *asked):
        row = dict(zip([*names, *(f"amount {name}" for name in grain.amounts)], values, strict=True))
        found[record].append(row)
    return found


def differences(subject: str) -> Iterator[str]:
    """What rows say otherwise than the events; nothing where all is well."""
    mine = [grain for grain in grains().values() if grain.subject == subject and grain.is_told]
    records = list(records_of(subject).rows().order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(records), 1000):
        ids = records[begin : begin + 1000]
        rows = {grain.name: stored(grain, ids) for grain in mine}
        for record, _, told, _ in histories(subject, ids):
            for grain in mine:
                yield from _compared(f"{subject} {record}", grain, rows[grain.name][record], told[grain.name])


def _compared(who: str, grain: Grain, rows: list[dict], told: list[dict]) -> Iterator[str]:
    if len(rows) != len(told):
        yield f"{who}: {len(rows)} rows of {grain.name}, events tell of {len(told)}"
        return
    for number, (row, said) in enumerate(zip(rows, told, strict=True), 1):
        for name, value in row.items():
            if (grain.name, name) in sources()[grain.subject].untold:
                assert name not in said
                continue
            amount = name.removeprefix("amount ")
            expected = said["amounts"][amount] if amount != name else said[name]
            # Hours are divided here and there.
            is_same = abs(value - expected) < 1e-6 if isinstance(value, float) else value == expected
            if not is_same:
                yield f"{who}: {name} of {grain.name} {number} is {value!r}, events tell {expected!r}"


def all_differences() -> list[str]:
    return [one for subject in sources() for one in differences(subject)]
