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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: HTTP status or SMTP reply code, and the beginning of the text.

    Both as they may be shown: without secrets, at most 500 bytes. `status` None = none came.
    """

    status: int | None = None
    text: str = ""


class Undelivered(Exception):
    """The receiver did not confirm the notice; the text says why, without secrets.

    `final` = it said that nothing must be sent there any more. `ours` = the receiver could not be
    asked for a reason on our side, which never counts against it.
    """

    def __init__(
        self, text: str, *, answer: Answer | None = None, final: bool = False, ours: bool = False
    ) -> None:
        super().__init__(text)
        self.answer = answer or Answer()
        self.final = final
        self.ours = ours


class Sender(Protocol):
    """A delivery channel of one process."""

    async def send(self, parcel: Parcel) -> Answer:
        """Sends a notice; gives the answer that confirms it; raises Undelivered."""

    async def close(self) -> None: ...
