"""Whatever a validation's target sends, other orders go on, and reading from it ends."""

import os
import signal
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientConnectionError

from tests.attacks.attacked_gateway import VICTIM, AttackedGateway
from tests.attacks.hostile_target import HostileTarget, hostile_target
from tests.support.acme_client import AcmeClient
from tests.support.server_process import until

_TIMES_ALONE = 8.0
_ENOUGH = 12 * 1024 * 1024
"""Bytes: what is on the way in the buffers of two sockets counts as sent."""
_ENDLESS_CHALLENGES = 2
_MOST_DEATHS = 6
_LATER = """
    UPDATE acme.challenge
       SET leased_until = leased_until - interval '10 minutes'
     WHERE status = 'processing'
    """
"""Nobody has to wait for the end of the lease, or of a pause after it."""

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"

_ANSWERS: dict[str, tuple[bytes, bytes]] = {
    "interim responses": (b"", b"HTTP/1.1 100\r\n\r\n"),
    "interim responses with fields": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "switching protocols": (b"", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    "fields": (_OK, b"A: b\r\n"),
    "a folded field": (_OK + b"A: b\r\n", b" b\r\n"),
    "one line": (b"", b"HTTP/1.1 200 OK OK"),
    "empty lines": (b"", b"\r\n"),
    "chunks of one byte": (_CHUNKED, b"1\r\na\r\n"),
    "a chunk's extension": (_CHUNKED, b"1;a=b"),
    "one huge chunk": (_CHUNKED + b"ffffffffff\r\n", b"a"),
    "a chunk's size of zeros": (_CHUNKED, b"0"),
    "trailer fields": (_CHUNKED + b"0\r\n", b"A: b\r\n"),
    "a body until the end": (_OK + b"\r\n", b"a"),
    "a body of announced length": (_OK + b"Content-Length: 99999999999\r\n\r\n", b"a"),
    "nothing that is HTTP": (b"", b"SSH-2.0-OpenSSH_9.2\r\n"),
}


async def _provoke(attacked: AttackedGateway, target: HostileTarget) -> tuple[AcmeClient, str]:
    """An order whose validation is sent to the hostile target; gives the authorization."""
    attacker = attacked.another_client()
    await attacker.register(attacked.eab)
    placed = await attacker.new_order(VICTIM)
    assert placed.status == 201, placed.body
    [authorization] = placed.json["authorizations"]
    challenge = await attacker.challenge(authorization, "http-01")
    attacked.web.elsewhere[challenge["token"]] = target.url
    with suppress(ClientConnectionError):  # the process may have ended before it answered
        assert (await attacker.post(challenge["url"], {})).status == 200
    return attacker, authorization


@pytest.mark.parametrize(("head", "endless"), _ANSWERS.values(), ids=_ANSWERS.keys())
async def test_an_issuance_finishes_within_eight_times_its_time_alone_while_targets_never_end(
    attacked: AttackedGateway, head: bytes, endless: bytes
) -> None:
    alone = await attacked.fastest_issuance()
    with hostile_target(head, endless) as target:
        for _ in range(_ENDLESS_CHALLENGES):
            attacker, authorization = await _provoke(attacked, target)
        meanwhile = await attacked.issue()
        comparison = f"{meanwhile / alone:.1f} times as long; {target.sent} bytes were taken"
        assert meanwhile < _TIMES_ALONE * alone, comparison
        settled = await attacker.settled(authorization)
        assert settled["status"] == "invalid"
        assert max(target.sent) < _ENOUGH, target.sent


async def test_an_attempt_that_kills_its_process_is_given_up_in_the_end(
    attacked_alone: AttackedGateway,
) -> None:
    attacked = attacked_alone
    deaths: list[Any] = []
    passed: list[Any] = []
    database = await asyncpg.connect(attacked.served.settings.database)

    def kill() -> None:
        [worker] = attacked.served.server.workers()
        deaths.append(worker)
        os.kill(worker, signal.SIGKILL)

    with hostile_target(b"", b"HTTP/1.1 100\r\n\r\n", on_request=kill) as target:
        attacker, authorization = await _provoke(attacked, target)

        async def is_over() -> bool:
            if len(deaths) > _MOST_DEATHS:
                return True
            if len(deaths) > len(passed):
                passed.append(await database.execute(_LATER))
            try:
                answer = await attacker.post(authorization)
            except ClientConnectionError:  # nobody serves at this moment
                return False
            return answer.status == 200 and answer.json["status"] == "invalid"

        await until(is_over, "the attempt still waits", seconds=120)
    await database.close()
    assert len(deaths) <= _MOST_DEATHS
    await attacked.issue()
