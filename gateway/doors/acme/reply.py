"""A handler's answer, before nonce and index link are added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

_TO_THE_SECOND = len("2025-01-10T15:30:00")


class Reply(Struct, frozen=True):
    """An answer; `body` is a JSON document, raw bytes, or None, `links` are (URL, relation)."""

    body: Mapping[str, Any] | bytes | None
    status: int = 200
    location: str | None = None
    retry_after: int | None = None
    content_type: str = "application/json"
    links: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = {}


def rfc3339(instant: datetime) -> str:
    """An instant as RFC 8555 writes it: UTC, whole seconds."""
    return f"{instant.isoformat()[:_TO_THE_SECOND]}Z"
