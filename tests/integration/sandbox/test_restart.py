"""A sandbox that is killed without warning goes on where it was when it is started again."""

import os
import signal
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.support.server_process import SandboxProcess, children, is_alive, until

INSTANT = {"now": "2025-01-10T15:30:00Z"}


def client(ready: dict[str, Any]) -> ClientSession:
    trust = ssl.create_default_context(cafile=ready["rootCertificate"])
    return ClientSession(connector=TCPConnector(ssl=trust))


async def use(sandbox: SandboxProcess) -> dict[str, Any]:
    """Sets the clock if it runs, and gives what must be the same after a restart."""
    ready = sandbox.ready
    login = {"loginName": ready["loginName"], "loginPassword": ready["loginPassword"]}
    async with client(ready) as session:
        async with session.get(f"{ready['sandbox']}/clock") as response:
            clock = await response.json()
        async with session.post(
            ready["actions"], data={"action": "LISTSERVERS", **login}
        ) as response:
            assert response.status == 200
            servers = await response.json()
        async with session.get(f"{ready['http']}/ca/local.pem") as response:
            assert response.status == 200
            issuer = await response.text()
    return {"ready": ready, "clock": clock, "servers": servers, "issuer": issuer}


@pytest.mark.parametrize("whom", ["the process alone", "all its processes"])
async def test_a_killed_sandbox_starts_again_as_it_was(
    sandbox_process: SandboxProcess, whom: str
) -> None:
    async with client(sandbox_process.ready) as session:
        url = f"{sandbox_process.ready['sandbox']}/clock"
        async with session.post(url, json=INSTANT) as response:
            assert response.status == 200
    before = await use(sandbox_process)
    assert before["clock"] == INSTANT
    if whom == "the process alone":
        os.kill(sandbox_process.process.pid, signal.SIGKILL)
        sandbox_process.process.wait()
    else:
        sandbox_process.kill9()
    sandbox_process.start()
    assert await use(sandbox_process) == before


async def test_a_stopped_sandbox_leaves_nothing_running(sandbox_process: SandboxProcess) -> None:
    started = children(sandbox_process.process.pid)
    assert len(started) >= 2, "a database and a worker"
    assert sandbox_process.stop() == 0
    await until(lambda: not any(map(is_alive, started)), "something runs on", 10)


async def test_two_sandboxes_run_side_by_side(
    sandbox_process: SandboxProcess, tmp_path: Path
) -> None:
    other = SandboxProcess(tmp_path / "other")
    try:
        other.start()
        theirs = await use(other)
        ours = await use(sandbox_process)
        assert theirs["issuer"] != ours["issuer"]
        assert theirs["ready"]["http"] != ours["ready"]["http"]
    finally:
        other.clean_up()


async def test_one_state_directory_serves_one_sandbox(sandbox_process: SandboxProcess) -> None:
    second = SandboxProcess(sandbox_process.state)
    with pytest.raises(AssertionError, match="another process uses the database"):
        second.start()
    assert second.process.wait() != 0
    assert (await use(sandbox_process))["ready"]["ready"] is True
