"""Logging: one JSON object a line on stderr. No form fields, bodies, query strings or keys."""

import logging
import sys
import traceback
from typing import Any

import msgspec
import structlog

from gateway.db.pool import is_outage

_log = structlog.get_logger(__name__)


def configure(level: str) -> None:
    """Sends the program's own logs and those of its libraries to stderr, from `level` up."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_serialize),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryFormatter())
    # Libraries log warnings only: their other messages may repeat what clients sent.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def describe(error: BaseException) -> dict[str, str]:
    """Gives what may be logged of an unexpected exception: its message may hold a secret."""
    return {
        "error": type(error).__name__,
        "stack": "".join(traceback.format_tb(error.__traceback__)),
    }


def log_fault(subject: str, error: BaseException, /, **about: object) -> bool:
    """Logs an unexpected exception: `subject`.database_away, or .failed with its stack.

    True = the database is unavailable, and the same may succeed later.
    """
    if is_outage(error):
        _log.warning(f"{subject}.database_away", error=type(error).__name__, **about)
        return True
    _log.error(f"{subject}.failed", **about, **describe(error))
    return False


class _LibraryFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        return _serialize(line).decode()


def _serialize(line: dict[str, Any], **_: Any) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)
