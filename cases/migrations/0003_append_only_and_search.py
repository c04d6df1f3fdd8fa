from django.db import migrations

#: Events are only appended; not even the application's own account changes or removes one.
APPEND_ONLY = """
CREATE FUNCTION cases_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case events are only appended' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER caseevent_no_change BEFORE UPDATE OR DELETE ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION cases_refuse_change();
CREATE TRIGGER caseevent_no_truncate BEFORE TRUNCATE ON cases_caseevent
    FOR EACH STATEMENT EXECUTE FUNCTION cases_refuse_change();
"""
APPEND_ONLY_UNDO = """
DROP TRIGGER caseevent_no_truncate ON cases_caseevent;
DROP TRIGGER caseevent_no_change ON cases_caseevent;
DROP FUNCTION cases_refuse_change();
"""

#: Most Chinese words have two characters: a text is indexed by all its neighbouring pairs.
SEARCH = """
CREATE FUNCTION cases_pairs(body text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(squeezed, n, 2)), '{}')
    FROM (SELECT lower(regexp_replace(body, '\\s+', '', 'g')) AS squeezed) AS text,
         generate_series(1, length(squeezed) - 1) AS n
$$;
CREATE INDEX casetext_pairs ON cases_casetext USING gin (cases_pairs(body));
CREATE INDEX case_address_pairs ON cases_case USING gin (cases_pairs(address));
"""
SEARCH_UNDO = "DROP INDEX case_address_pairs; DROP INDEX casetext_pairs; DROP FUNCTION cases_pairs(text);"


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial")]
    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_UNDO),
        migrations.RunSQL(SEARCH, SEARCH_UNDO),
    ]
