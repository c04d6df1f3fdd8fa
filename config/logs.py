"""Logging helpers."""

import logging


class OneLine(logging.Filter):
    """Drop the stack of a record: 'Redis is away', said every five seconds, needs one line and not sixty."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        record.msg, record.args = record.getMessage().strip().splitlines()[0], None
        return True


class Unavailable(logging.Filter):
    """Drop the stack where the database is away, silent or busy: every request would write the same sixty lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        from config.failures import unavailable  # not before the apps are there

        error = record.exc_info[1] if record.exc_info else None
        if unavailable(error):
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            record.msg, record.args = f"{record.getMessage()} ({said})", None
            record.exc_info = record.exc_text = None
        return True
