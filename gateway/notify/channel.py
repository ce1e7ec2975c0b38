"""The interface of the delivery channels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice for one receiver. `secret` signs webhooks; a space separates two secrets."""

    notice_id: UUID
    kind: str
    due_at: datetime
    data: Mapping[str, Any]
    address: str
    secret: bytes | None


class Undelivered(Exception):
    """The receiver did not confirm the notice; the text says why, without secrets.

    `final` = it said that nothing must be sent there any more. `ours` = the receiver could not be
    asked for a reason on our side, which never counts against it.
    """

    def __init__(self, text: str, *, final: bool = False, ours: bool = False) -> None:
        super().__init__(text)
        self.final = final
        self.ours = ours


class Sender(Protocol):
    """A delivery channel of one process."""

    async def send(self, parcel: Parcel) -> None:
        """Sends a notice; returns once the receiver has confirmed it; raises Undelivered."""

    async def close(self) -> None: ...
