"""`gateway certificate …`: many certificates revoked by one command, which shows how far it is."""

import asyncio
import json
import os
import pty
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.db.pool import transaction
from tests.integration.operation import test_cli
from tests.integration.operation.test_cli import Run
from tests.support.gateway import RunningGateway
from tests.support.looked_up import credential_with_name
from tests.support.many_certificates import many_certificates
from tests.support.server_process import until

run = test_cli.run
MANY = "many.example.com"


@pytest.fixture
async def serials(gateway: RunningGateway) -> list[str]:
    kid = (await credential_with_name(gateway)).kid
    return await many_certificates(gateway.pool, kid, 12, await gateway.services.clock.now())


def wanted(value: str = MANY, by: str = "name", reason: str = "superseded") -> list[str]:
    options = ["--by", by, "--reason", reason, "--why", "ticket 4711"]
    return ["certificate", "revoke-many", value, *options]


async def revoked(gateway: RunningGateway) -> int:
    number: int = await gateway.pool.fetchval("SELECT count(*) FROM ca.revocation")
    return number


async def test_without_yes_it_only_says_how_many(
    gateway: RunningGateway, run: Run, serials: list[str]
) -> None:
    status, output, _ = await run(*wanted(), "--dry-run")
    assert status == 0
    first, *lines = output.splitlines()
    assert first == "12 certificates would be revoked"
    assert lines[0].startswith(f"  {serials[0]}  {MANY}  until ")
    assert lines[-1] == "  and 2 more"
    status, output, errors = await run(*wanted())
    assert (status, output) == (1, "")
    said = "nothing was revoked: add --yes to revoke 12 certificates, or --dry-run to see them"
    assert errors == f"gateway: {said}\n"
    status, output, _ = await run(*wanted(), "--dry-run", "--json")
    assert json.loads(output) == {
        "certificates": 12,
        "tooMany": False,
        "sample": serials[:10],
        "unknown": 0,
    }
    assert await revoked(gateway) == 0
    for table in ("operation.bulk_revocation", "operation.bulk_revocation_item"):
        assert await gateway.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_with_yes_it_follows_the_revocation_to_its_end(
    gateway: RunningGateway, run: Run, serials: list[str]
) -> None:
    status, output, errors = await run(*wanted(), "--yes")
    assert (status, output) == (0, "done: 12 of 12 revoked\n"), errors
    assert "running: 0 of 12 revoked" in errors
    assert await revoked(gateway) == 12
    status, output, _ = await run("certificate", "revocations", "--json")
    [listed] = json.loads(output)
    assert {**listed, "id": "", "actor": ""} == {
        "id": "",
        "by": "name",
        "value": MANY,
        "reason": 4,
        "why": "ticket 4711",
        "actor": "",
        "status": "done",
        "total": 12,
        "done": 12,
        "failed": 0,
    }
    status, output, _ = await run("certificate", "follow", listed["id"], "--json")
    assert (status, json.loads(output)) == (0, listed)
    status, output, _ = await run("certificate", "revocations")
    assert output == f"{listed['id']}  name {MANY}  done: 12 of 12 revoked  ticket 4711\n"


def all_of(terminal: int) -> bytes:
    """What a process writes on a terminal until its end, which the kernel tells as an error."""
    written = b""
    with suppress(OSError), open(terminal, "rb", buffering=0) as file:
        while piece := file.read(4096):
            written += piece
    return written


async def test_on_a_terminal_it_shows_a_bar(
    gateway: RunningGateway, run: Run, serials: list[str], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *wanted(), "--yes"),
        *("--config", str(tmp_path / "gateway.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    (output, _), shown = await asyncio.gather(
        process.communicate(), asyncio.to_thread(all_of, ours)
    )
    assert (process.returncode, output) == (0, b"done: 12 of 12 revoked\n")
    assert b"revoking" in shown
    assert b"100%" in shown


async def test_a_list_is_read_from_a_file_and_what_failed_makes_the_command_fail(
    gateway: RunningGateway, run: Run, serials: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "serials.txt"
    file.write_text("\n".join([*serials[:3], "beef"]))
    status, output, errors = await run(*wanted(str(file), "serials", "1"), "--yes", "--json")
    found = json.loads(output)
    assert (status, found["total"], found["done"], found["failed"]) == (1, 4, 3, 1), errors
    assert await revoked(gateway) == 3


async def test_an_interrupted_command_leaves_the_revocation_running_and_says_so(
    gateway: RunningGateway, run: Run, serials: list[str], tmp_path: Path
) -> None:
    async with transaction(gateway.pool) as blocker:
        query = "SELECT FROM ca.certificate WHERE serial = $1 FOR UPDATE"
        await blocker.execute(query, serials[5])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *wanted(), "--yes"),
            *("--config", str(tmp_path / "gateway.toml")),
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        line = (await process.stderr.readline()).decode()
        bulk_id = line.split()[0]
        assert line == f"{bulk_id}  running: 0 of 12 revoked\n"
        process.send_signal(signal.SIGINT)
        errors = (await process.stderr.read()).decode()
        assert await process.wait() == 130
        assert errors == (
            f"the revocation goes on in the background: gateway certificate follow {bulk_id}\n"
        )
    status, output, _ = await run("certificate", "follow", bulk_id)
    assert (status, output) == (0, "done: 12 of 12 revoked\n")


async def test_a_revocation_that_runs_is_cancelled(
    gateway: RunningGateway, run: Run, serials: list[str]
) -> None:
    async with transaction(gateway.pool) as blocker:
        await blocker.execute("LOCK TABLE job.queue")  # nothing is carried out meanwhile
        process = asyncio.ensure_future(run(*wanted(), "--yes"))

        async def started() -> Any:
            return await gateway.pool.fetchval("SELECT id FROM operation.bulk_revocation")

        await until(started, "it is started")
        status, output, errors = await run("certificate", "cancel", str(await started()))
        assert (status, output) == (0, "cancelled; revoked before that: 0 of 12\n"), errors
        assert (await process)[1] == "cancelled: 0 of 12 revoked\n"
    assert await revoked(gateway) == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (wanted(by="colour"), "'colour' is none of name, key, account, credential, serials"),
        (wanted(reason="2"), "the reason '2' is none of 0 (unspecified), 1 (keyCompromise)"),
        (wanted("no name"), "'no name' is no domain name"),
        (wanted("/nowhere", "serials"), "the file cannot be read"),
        ([*wanted("nothing.example.com"), "--yes"], "there is no certificate to revoke"),
        (["certificate", "follow", "x"], "'x' is no id of a bulk revocation"),
        (
            ["certificate", "cancel", "0190b7a2-0000-7000-8000-000000000000"],
            "there is no bulk revocation 0190b7a2-0000-7000-8000-000000000000",
        ),
    ],
)
async def test_mistakes_are_told_in_one_line_and_change_nothing(
    gateway: RunningGateway, run: Run, words: list[str], text: str
) -> None:
    status, _, errors = await run(*words)
    assert status == 1
    assert errors.startswith(f"gateway: {text}")
    assert errors.count("\n") == 1
    assert await gateway.pool.fetchval("SELECT count(*) FROM operation.bulk_revocation") == 0
