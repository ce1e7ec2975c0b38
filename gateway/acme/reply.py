"""What a handler answers, before nonce and index link are added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is a JSON document, bytes as they are, or None. `links` are (URL, relation)."""

    body: Mapping[str, Any] | bytes | None
    status: int = 200
    location: str | None = None
    retry_after: int | None = None
    content_type: str = "application/json"
    links: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def rfc3339(instant: datetime) -> str:
    """As RFC 8555 shows instants: UTC, whole seconds."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='seconds')}Z"
