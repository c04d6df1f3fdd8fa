"""The database itself notes which records a move changed: no move asks a statement more, and none can forget."""

from django.db.migrations import RunSQL


def notes_touched(table: str, subject: str) -> list[RunSQL]:
    """Operations of a migration on a table of records: those that are there, and those that move later, are to be counted.

    Every move raises the version of its record; other writes change nothing that is counted.
    """
    name = f"{table}_touched"
    return [
        RunSQL(
            f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO appraisal_touched (subject, record) VALUES ('{subject}', NEW.id);
                RETURN NULL;
            END $$;
            CREATE TRIGGER {name}_new AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
            CREATE TRIGGER {name}_moved AFTER UPDATE ON {table} FOR EACH ROW
                WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION {name}();
            """,
            f"""
            DROP TRIGGER {name}_moved ON {table}; DROP TRIGGER {name}_new ON {table}; DROP FUNCTION {name}();
            """,
        ),
        RunSQL(
            f"INSERT INTO appraisal_touched (subject, record) SELECT '{subject}', id FROM {table} ORDER BY id;",
            RunSQL.noop,
        ),
    ]


def notes_case(table: str) -> RunSQL:
    """An operation of a migration on a table with facts of cases: the case of a new row is to be counted again."""
    name = f"{table}_notes_case"
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO appraisal_touched (subject, record) VALUES ('case', NEW.case_id);
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


def exclusion_of_two() -> RunSQL:
    """An operation of a migration: of an exclusion only the state goes on, and to granted by two people besides the asker."""
    return RunSQL(
        """
        CREATE FUNCTION appraisal_exclusion_of_two() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (TG_OP = 'INSERT' AND NEW.state <> 'asked') OR (TG_OP = 'UPDATE' AND
                (OLD.case_id, OLD.ground, OLD.words, OLD.asked_by_id, OLD.asked_at)
                IS DISTINCT FROM (NEW.case_id, NEW.ground, NEW.words, NEW.asked_by_id, NEW.asked_at)
            ) THEN
                RAISE EXCEPTION 'what an exclusion was asked for is not changed' USING ERRCODE = 'restrict_violation';
            END IF;
            IF NEW.state = 'granted' AND (
                SELECT count(DISTINCT d.by_id) FROM appraisal_exclusiondecision d
                WHERE d.exclusion_id = NEW.id AND d.verdict = 'agree' AND d.by_id <> NEW.asked_by_id
            ) < 2 THEN
                RAISE EXCEPTION 'an exclusion needs two people who agree' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER appraisal_exclusion_of_two BEFORE INSERT OR UPDATE ON appraisal_exclusion
            FOR EACH ROW EXECUTE FUNCTION appraisal_exclusion_of_two();
        CREATE TRIGGER appraisal_exclusion_no_delete BEFORE DELETE ON appraisal_exclusion
            FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
        CREATE TRIGGER appraisal_exclusion_no_truncate BEFORE TRUNCATE ON appraisal_exclusion
            FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_change();
        """,
        """
        DROP TRIGGER appraisal_exclusion_no_truncate ON appraisal_exclusion;
        DROP TRIGGER appraisal_exclusion_no_delete ON appraisal_exclusion;
        DROP TRIGGER appraisal_exclusion_of_two ON appraisal_exclusion;
        DROP FUNCTION appraisal_exclusion_of_two();
        """,
    )
