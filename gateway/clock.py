"""Business time. Every rule, price, certificate and job takes `now` from here."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives business time in UTC with whole seconds or finer."""

    async def now(self) -> datetime: ...


class SystemClock:
    """Real time: the clock of production, and of the timeouts of sessions everywhere."""

    async def now(self) -> datetime:
        return datetime.now(UTC)
