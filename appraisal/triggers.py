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
