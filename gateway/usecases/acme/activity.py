"""Records who uses which account, without a write per request (LISTACCOUNTS: userAgent, ipAddress).

A request only leaves a note in memory; every few seconds one statement writes the latest notes.
Notes that a killed process had not written are lost: activity is a convenience, not a record.
"""

import asyncio
from datetime import datetime

from gateway.services import Services
from gateway.store.acme import activity
from gateway.store.acme.accounts import Client
from gateway.store.acme.activity import Seen

_PAUSE_SECONDS = 5.0
_MOST_NOTES = 10_000


class ActivityLog:
    """Collects the notes of one process and writes them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._notes: dict[str, tuple[Client, datetime]] = {}

    async def note(self, account_id: str, client: Client) -> None:
        """Notes that a request of an account was admitted."""
        if account_id in self._notes or len(self._notes) < _MOST_NOTES:
            self._notes[account_id] = (client, await self._services.clock.now())

    async def run_forever(self) -> None:
        """Writes the notes every few seconds."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes the notes; keeps them when that fails."""
        if not self._notes:
            return
        notes, self._notes = self._notes, {}
        seen = [Seen(account_id, *note) for account_id, note in sorted(notes.items())]
        try:
            await activity.note_all(self._services.pool, seen)
        except Exception:
            self._notes = {**notes, **self._notes}
            raise
