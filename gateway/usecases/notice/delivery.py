"""Sends notices to each destination in order, oldest first, from one process at a time.

An attempt is recorded before it is made, its success afterwards. A process that is killed in
between leaves a notice that is sent again once the lease has ended, under the same webhook-id and
Message-ID, by which receivers recognize it: exactly-once delivery over a network is not possible
otherwise.
"""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog

from gateway.config import Settings
from gateway.db.pool import transaction
from gateway.logging import log_fault
from gateway.metrics import observe_notice
from gateway.notify.channel import Answer, Parcel, Sender, Undelivered
from gateway.notify.mail import MailSender, MailServer
from gateway.notify.webhook import WebhookSender
from gateway.rules.notice.answers import ATTEMPTS_KEPT
from gateway.rules.notice.kinds import Channel
from gateway.services import Services
from gateway.store.notice import attempts
from gateway.store.notice import deliveries as store
from gateway.store.notice.attempts import MadeAttempt
from gateway.store.notice.deliveries import Backoff, Lease, Waiting
from gateway.validation.addresses import EVERYWHERE

_PAUSE_SECONDS = 1.0
_DESTINATIONS_AT_ONCE = 20
_NOTICES_IN_A_ROW = 20
_LEASE_BEYOND_TIMEOUT_SECONDS = 10.0
_GRACE_SECONDS = 5.0
_SECONDS_AN_HOUR = 3600

_log = structlog.get_logger(__name__)


class NoticeRunner:
    """Delivers notices; one per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings.notices
        self._backoff = Backoff(
            self._settings.retry_delays_seconds, self._settings.retry_hours * _SECONDS_AN_HOUR
        )
        self._senders = _senders(services)
        self._lease_seconds = self._settings.timeout_seconds + _LEASE_BEYOND_TIMEOUT_SECONDS
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def run_forever(self) -> None:
        """Works on destinations that are due, several at once."""
        while True:
            free = _DESTINATIONS_AT_ONCE - len(self._tasks)
            for lease in await store.claim(
                self._services.pool, list(self._senders), free, self._lease_seconds
            ):
                task = asyncio.create_task(self._work(lease))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """Lets attempts under way end and be recorded; begins no others."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for sender in self._senders.values():
            await sender.close()

    async def _work(self, lease: Lease) -> None:
        try:
            held: Lease | None = lease
            for _ in range(_NOTICES_IN_A_ROW):
                if held is None or self._closing:
                    break
                held = await self._send_oldest(held)
            if held is not None:  # other destinations get their turn
                await store.release(self._services.pool, held)
        except Exception as error:  # the lease ends and a process tries again
            log_fault("notice", error, destination=str(lease.destination_id))

    async def _send_oldest(self, lease: Lease) -> Lease | None:
        """Sends the oldest notice; gives the renewed lease if the next may follow at once."""
        pool = self._services.pool
        async with transaction(pool) as connection:
            held = await store.renew(connection, lease, self._lease_seconds)
            if held is None:
                return None
            waiting = await store.take_oldest(connection, held.destination_id)
            if waiting is None:
                await store.rest(connection, held.destination_id)
                return None
        began = time.monotonic()
        try:
            answer = await self._senders[waiting.channel].send(self._parcel(waiting))
        except Undelivered as failure:
            await self._failed(held, waiting, failure)
            await self._keep(held, waiting, began, failure.answer, str(failure))
            return None
        await store.confirm(pool, held.destination_id, waiting.number)
        await self._keep(held, waiting, began, answer)
        observe_notice(waiting.channel, "delivered")
        return held

    async def _keep(
        self, lease: Lease, waiting: Waiting, began: float, answer: Answer, problem: str = ""
    ) -> None:
        """Keeps for people what came of an attempt; `problem` "" = it was delivered."""
        made = MadeAttempt(
            lease.destination_id,
            waiting.number,
            waiting.attempts,
            round((time.monotonic() - began) * 1000),
            answer.status,
            answer.text,
            problem or None,
        )
        await attempts.keep(self._services.pool, made, ATTEMPTS_KEPT)

    def _parcel(self, waiting: Waiting) -> Parcel:
        sealed = waiting.encrypted_secret
        return Parcel(
            waiting.notice_id,
            waiting.kind,
            waiting.due_at,
            waiting.data,
            waiting.address,
            None if sealed is None else self._services.vault.decrypt(sealed),
        )

    async def _failed(self, lease: Lease, waiting: Waiting, failure: Undelivered) -> None:
        parked = await store.fail(
            self._services.pool,
            lease,
            str(failure),
            backoff=self._backoff,
            final=failure.final,
            counted=not failure.ours,
        )
        observe_notice(waiting.channel, "parked" if parked else "failed")
        # The address is not logged: the path of a webhook may be its owner's secret.
        _log.warning(
            "notice.destination_parked" if parked else "notice.not_delivered",
            destination=str(lease.destination_id),
            channel=waiting.channel,
            notice=waiting.number,
            reason=str(failure),
        )


def _senders(services: Services) -> Mapping[Channel, Sender]:
    """The senders by channel; without a mail server there is none for mail, which then waits."""
    settings = services.settings
    # validation.private_networks is not allowed here: resellers must not reach the operator's own.
    trusted = EVERYWHERE if settings.validation.allow_private_addresses else ()
    webhook = WebhookSender(services.resolver, trusted, settings.notices.timeout_seconds)
    mail = _mail_sender(settings)
    return {"webhook": webhook} if mail is None else {"webhook": webhook, "mail": mail}


def _mail_sender(settings: Settings) -> MailSender | None:
    wanted = settings.notices
    if wanted.smtp_host is None:
        return None
    domain = urlsplit(settings.public_url).hostname or ""
    password = wanted.smtp_password
    server = MailServer(
        wanted.smtp_host,
        wanted.smtp_port,
        wanted.smtp_tls,
        wanted.smtp_user,
        None if password is None else password.get_secret_value(),
    )
    sender = wanted.sender or f"notices@{domain}"
    return MailSender(server, sender, domain, wanted.timeout_seconds)
