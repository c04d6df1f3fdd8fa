"""A row for each case to be searched by, written from now on with every case and move; 0037 fills those of before."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

#: What ``cases.search.plain`` leaves out and makes one, as the database's ``translate`` takes it.
LEFT_OUT = (
    "".join(map(chr, range(1, 33)))
    + "!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~\x7f\xad"
    + "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff"
    + "‘’‚‛“”„‟†‡•‧‰′″‹›※‖·・、。〃〈〉《》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰«»¡¿§¶"
)
DASHES = "‐‑‒–—―−⸺⸻"
ONE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + DASHES, "abcdefghijklmnopqrstuvwxyz" + "-" * len(DASHES)


def _quoted(text: str) -> str:
    return "E'" + "".join(f"\\U{ord(letter):08x}" if not letter.isalnum() else letter for letter in text) + "'"


PLAIN = f"""
CREATE FUNCTION cases_plain(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(normalize(said, NFKC), {_quoted(ONE[0] + LEFT_OUT)}, '{ONE[1]}')
$$;
"""
#: A key: of a pair, the block and the two characters; of a mark, negative, the block, the kind (``cases.search.Mark``)
#: and an id. Texts stand on lines of their own, so that no pair reaches from one into the next.
ROWS = """
CREATE FUNCTION cases_word_keys(first bigint, plain text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT first + (one << 21) + next), '{}')
    FROM (
        SELECT ascii(letter)::bigint AS one, lead(ascii(letter)) OVER (ORDER BY place)::bigint AS next
        FROM unnest(string_to_array(plain, NULL)) WITH ORDINALITY AS letters(letter, place)
    ) AS pairs
    WHERE one <> 10 AND next <> 10
$$;
CREATE FUNCTION cases_marks(first bigint, kind bigint, ids bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(-(first + (kind << 38) + id)), '{}') FROM unnest(ids) AS id WHERE id IS NOT NULL
$$;
CREATE FUNCTION cases_search_rows(lowest bigint, highest bigint) RETURNS TABLE (case_id bigint, plain text, keys bigint[])
LANGUAGE sql STABLE AS $$
    SELECT found.id, words.plain,
        cases_word_keys(first, words.plain)
        || cases_marks(first, 1, ARRAY[found.district_id, found.street_id, found.community_id])
        || cases_marks(first, 2, ARRAY[found.grid_id])
        || cases_marks(first, 3, found.units || found.unit_id)
        || cases_marks(first, 4, found.people)
        || cases_marks(first, 5, found.reporters)
        || cases_marks(first, 6, CASE WHEN found.is_open THEN ARRAY[0::bigint] END)
    FROM cases_case found
    CROSS JOIN LATERAL (SELECT found.id >> 14 << 42) AS block(first)
    CROSS JOIN LATERAL (
        SELECT concat_ws(E'\\n', cases_plain(found.address), string_agg(cases_plain(said.body), E'\\n' ORDER BY said.sequence)) AS plain
        FROM cases_casetext said WHERE said.case_id = found.id
    ) AS words
    WHERE found.id BETWEEN lowest AND highest
$$;
"""
TRIGGERS = """
CREATE FUNCTION cases_search_write(number bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cases_searchrow AS known (case_id, plain, keys) SELECT * FROM cases_search_rows(number, number)
    ON CONFLICT (case_id) DO UPDATE SET plain = EXCLUDED.plain, keys = EXCLUDED.keys
    WHERE known.plain <> EXCLUDED.plain OR known.keys <> EXCLUDED.keys
$$;
CREATE FUNCTION cases_search_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM cases_searchrow WHERE case_id = OLD.id;
    ELSE
        PERFORM cases_search_write(NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION cases_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cases_search_write(CASE TG_OP WHEN 'DELETE' THEN OLD.case_id ELSE NEW.case_id END);
    RETURN NULL;
END $$;
CREATE TRIGGER case_search_new AFTER INSERT OR DELETE ON cases_case FOR EACH ROW EXECUTE FUNCTION cases_search_case();
CREATE TRIGGER case_search_changed AFTER UPDATE ON cases_case FOR EACH ROW
    WHEN ((OLD.address, OLD.district_id, OLD.street_id, OLD.community_id, OLD.grid_id, OLD.units, OLD.unit_id, OLD.people,
        OLD.reporters, OLD.is_open) IS DISTINCT FROM (NEW.address, NEW.district_id, NEW.street_id, NEW.community_id,
        NEW.grid_id, NEW.units, NEW.unit_id, NEW.people, NEW.reporters, NEW.is_open))
    EXECUTE FUNCTION cases_search_case();
CREATE TRIGGER case_search_words AFTER INSERT OR UPDATE OR DELETE ON cases_casetext FOR EACH ROW
    EXECUTE FUNCTION cases_search_text();
"""
UNDO_TRIGGERS = """
DROP TRIGGER case_search_words ON cases_casetext;
DROP TRIGGER case_search_changed ON cases_case;
DROP TRIGGER case_search_new ON cases_case;
DROP FUNCTION cases_search_text();
DROP FUNCTION cases_search_case();
DROP FUNCTION cases_search_write(bigint);
"""
UNDO_ROWS = """
DROP FUNCTION cases_search_rows(bigint, bigint);
DROP FUNCTION cases_marks(bigint, bigint, bigint[]);
DROP FUNCTION cases_word_keys(bigint, text);
"""

class Migration(migrations.Migration):
    dependencies = [("cases", "0035_checks_without_a_fix")]

    operations = [
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("plain", models.TextField(editable=False)),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), editable=False, size=None
                    ),
                ),
            ],
            options={"verbose_name": "检索行", "verbose_name_plural": "检索行"},
        ),
        migrations.RunSQL(PLAIN, "DROP FUNCTION cases_plain(text);"),
        migrations.RunSQL(ROWS, UNDO_ROWS),
        migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
    ]
