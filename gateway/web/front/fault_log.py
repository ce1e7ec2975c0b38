"""aiohttp's log of faults, without faults of clients, which have a line in the access log."""

import logging

from aiohttp import ClientConnectionResetError
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

_OF_CLIENTS = (
    HttpProcessingError,  # no HTTP, or a coding that makes no sense
    RequestPayloadError,  # the same, found while the rest of a body is read and dropped
    ClientConnectionResetError,  # the client went away before its answer was written
)


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, _OF_CLIENTS)


FAULT_LOG = logging.getLogger("gateway.http")
FAULT_LOG.addFilter(_is_ours)
