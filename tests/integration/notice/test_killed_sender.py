"""kill -9 between sending a notice and recording it: sent again, and known by its id."""

import asyncio
import os
import signal
from pathlib import Path

from gateway.clock import SystemClock
from gateway.config import Notices
from gateway.db.pool import Pool
from gateway.sandbox import demo_data
from gateway.services import Services
from gateway.vault import Vault
from tests.integration.process.test_serve import configured, process
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver
from tests.support.server_process import until


async def test_a_notice_whose_sender_was_killed_is_sent_again_under_the_same_id(
    database: str, pool: Pool, tmp_path: Path, receiver: WebhookReceiver
) -> None:
    settings = await configured(database, tmp_path, notices=Notices(timeout_seconds=30))
    vault = Vault([key.get_secret_value() for key in settings.secrets.keys])
    services = Services(settings, pool, SystemClock(), vault, issuers=None, resolver=None)  # type: ignore[arg-type]
    await demo_data.add(pool, services.clock)
    operator = NoticeOperator(services)
    secret = await operator.webhook(receiver.url)
    kid = await operator.credential()
    receiver.hold = asyncio.Event()
    server = process(settings, tmp_path)
    server.start()
    try:
        await server.until_logged("server.ready")
        await operator.happen(kid, 1, 2)
        await until(lambda: receiver.arrived == 1, "the first request arrived")
        for pid in (*server.workers(), server.process.pid):
            os.kill(pid, signal.SIGKILL)
        await server.ended()
        receiver.hold.set()
        await receiver.until(1)
        assert await operator.undelivered_are(2)
        server.start()
        await server.until_logged("server.ready", times=2)
        await operator.pass_time("1 hour")  # the dead process's lease ends
        await receiver.until(3)
        await until(lambda: operator.undelivered_are(0), "both are recorded")
    finally:
        server.kill()
    first, again, second = receiver.posts
    assert first.id == again.id != second.id
    assert [notice["data"]["daysLeft"] for notice in receiver.verified(secret)] == [1, 1, 2]
    attempts = await pool.fetch("SELECT attempts FROM notice.delivery ORDER BY notice_number")
    assert [row["attempts"] for row in attempts] == [2, 1]
