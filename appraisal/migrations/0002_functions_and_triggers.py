"""Rows of counts are built and added in the database; the database notes which cases moved."""

from django.db import migrations

from appraisal.triggers import notes_touched

_FUNCTIONS = """
CREATE FUNCTION appraisal_row(numbers int[], amounts int[]) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts int[];
BEGIN
    counts := array_fill(0, ARRAY[(SELECT max(number) FROM unnest(numbers) AS number)]);
    FOR i IN 1 .. cardinality(numbers) LOOP
        counts[numbers[i]] := amounts[i];
    END LOOP;
    RETURN counts;
END $$;
CREATE FUNCTION appraisal_sum(mine int[], more int[]) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts int[] := mine;
BEGIN
    FOR i IN 1 .. cardinality(more) LOOP
        counts[i] := coalesce(counts[i], 0) + more[i];
    END LOOP;
    RETURN counts;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("appraisal", "0001_initial"), ("cases", "0026_closing_ends_what_nobody_evaluates")]

    operations = [
        migrations.RunSQL(
            _FUNCTIONS, "DROP FUNCTION appraisal_row(int[], int[]); DROP FUNCTION appraisal_sum(int[], int[]);"
        ),
        *notes_touched("cases_case", "case"),
    ]
