"""What the supervisor and its workers agree on.

A worker is handed its settings and its place, a line of JSON each.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from gateway.config import Secret, Settings

GRACE_SECONDS = 30.0
"""How long a stopping process waits for requests that it has begun to answer."""


@dataclass(frozen=True)
class Place:
    """What a worker inherits: its sockets, the load board, and its slot on it."""

    sockets: Mapping[str, int]
    load_board: int
    slots: int
    slot: int


def dump_place(place: Place) -> bytes:
    """Encodes a Place as the second line that a worker reads."""
    return json.dumps(asdict(place)).encode() + b"\n"


def dump_settings(settings: Settings) -> bytes:
    """Encodes settings, secrets included, as the first line that a worker reads."""

    def plain(value: Any) -> str:
        return value.get_secret_value() if isinstance(value, Secret) else str(value)

    return msgspec.json.encode(settings, enc_hook=plain) + b"\n"
