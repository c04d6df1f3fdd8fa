"""Logging helpers."""

import logging


class OneLine(logging.Filter):
    """Drop the stack of a record: 'Redis is away', said every five seconds, needs one line and not sixty."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        record.msg, record.args = record.getMessage().strip().splitlines()[0], None
        return True
