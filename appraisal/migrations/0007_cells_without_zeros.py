"""What a cell has none of is empty instead of zero: an empty element of a row takes no room, and most are empty."""

from django.db import migrations

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION appraisal_row(numbers int[], amounts int[]) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts int[];
BEGIN
    counts := array_fill(NULL::int, ARRAY[(SELECT max(number) FROM unnest(numbers) AS number)]);
    FOR i IN 1 .. cardinality(numbers) LOOP
        counts[numbers[i]] := amounts[i];
    END LOOP;
    RETURN counts;
END $$;
CREATE OR REPLACE FUNCTION appraisal_sum(mine int[], more int[]) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts int[] := mine;
BEGIN
    FOR i IN 1 .. cardinality(more) LOOP
        IF more[i] IS NOT NULL THEN
            counts[i] := nullif(coalesce(counts[i], 0) + more[i], 0);
        END IF;
    END LOOP;
    RETURN counts;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("appraisal", "0006_repeat_places_lie_in_one_territory")]

    # Rows of before keep their zeros, which count the same.
    operations = [migrations.RunSQL(_FUNCTIONS, migrations.RunSQL.noop)]
