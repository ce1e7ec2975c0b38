"""`gateway serve` as operators run it: real processes, real signals."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientConnectionError, ClientSession
from msgspec import structs

from gateway.config import Listen, Settings
from tests.support.gateway import free_ports, local_ca, sandbox_settings, session_trusting
from tests.support.kept import KeptDatabases
from tests.support.postgres import BARE, MIGRATED, fresh_database
from tests.support.server_process import ServerProcess, children, is_alive, until, write_config


@dataclass
class ServedGateway:
    """A server process and a client of it."""

    server: ServerProcess
    settings: Settings
    session: ClientSession

    @property
    def url(self) -> str:
        return self.settings.public_url

    async def get(self, path: str) -> int:
        """Status, over a connection of its own."""
        headers = {"Connection": "close"}
        async with self.session.get(self.url + path, headers=headers) as response:
            await response.read()
            return response.status

    async def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.settings.listen.metrics_port}/metrics"
        async with self.session.get(url) as response:
            assert response.status == 200
            return await response.text()


async def configured(database: str, directory: Path, /, **sections: Any) -> Settings:
    """A sandbox's settings with certificates in their files."""
    port, plain, metrics = free_ports(3)
    listen = Listen(host="127.0.0.1", port=port, plain_http_port=plain, metrics_port=metrics)
    settings = sandbox_settings(database, directory, listen, **sections)
    ca = await local_ca(settings)
    (directory / "root.pem").write_bytes(ca.root_pem())
    certificate, key = ca.issue_server_certificate(directory / "tls", ["127.0.0.1"])
    tls = {"tls_certificate": certificate, "tls_key": key}
    return structs.replace(settings, listen=structs.replace(listen, **tls))


def process(settings: Settings, directory: Path, descriptors: int | None = None) -> ServerProcess:
    config = write_config(settings, directory / "gateway.toml")
    (directory / "serve.log").touch()
    return ServerProcess(config, directory / "serve.log", descriptors)


@asynccontextmanager
async def serving(
    database: str,
    directory: Path,
    workers: int,
    *,
    spread: bool = False,
    descriptors: int | None = None,
    **sections: Any,
) -> AsyncIterator[ServedGateway]:
    """`sections` replace those of a sandbox's settings."""
    settings = await configured(database, directory, workers=workers, **sections)
    listen = structs.replace(settings.listen, spread=spread)
    settings = structs.replace(settings, listen=listen)
    server = process(settings, directory, descriptors)
    server.start()
    try:
        await server.until_logged("server.ready")
        async with session_trusting(directory / "root.pem") as session:
            yield ServedGateway(server, settings, session)
    finally:
        server.kill()


@pytest.fixture
async def served(database: str, tmp_path: Path) -> AsyncIterator[ServedGateway]:
    """With two workers."""
    async with serving(database, tmp_path, workers=2) as running:
        yield running


@pytest.fixture(scope="module")
async def unharmed(
    kept_databases: KeptDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServedGateway]:
    """The same for tests that leave it, and both workers, as they found them."""
    directory = tmp_path_factory.mktemp("unharmed")
    async with (
        kept_databases.lend(MIGRATED) as database,
        serving(database, directory, workers=2) as running,
    ):
        yield running


def waiting_connections(port: int) -> int:
    """Made by the kernel, and accepted by nobody yet."""
    listening = f":{port:04X} 00000000:0000 0A"
    [line] = [line for line in Path("/proc/net/tcp").read_text().splitlines() if listening in line]
    return int(line.split()[4].partition(":")[2], 16)


async def refusal(settings: Settings, directory: Path) -> str:
    """What a server that must not start says."""
    server = process(settings, directory)
    server.start()
    assert await server.ended() != 0
    return server.log.read_text()


async def test_a_killed_worker_is_replaced(served: ServedGateway) -> None:
    before = served.server.workers()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    await served.server.until_logged("server.worker_ready", times=3)
    after = served.server.workers()
    assert len(after) == 2
    assert before[1] in after
    assert before[0] not in after
    for _ in range(10):
        assert await served.get("/health/ready") == 200


async def test_the_other_worker_serves_meanwhile(served: ServedGateway) -> None:
    os.kill(served.server.workers()[0], signal.SIGKILL)
    await served.server.until_logged("server.worker_ended")
    for _ in range(20):
        assert await served.get("/health/ready") == 200


@dataclass
class Poster:
    """A client that sends head and body of a POST apart, and never sends one again."""

    port: int
    trust: ssl.SSLContext
    keeps_connections: bool
    statuses: list[bytes]

    async def run(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
            while await self._post(reader, writer) and not stopped.is_set():
                pass
            writer.close()

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Gives whether the connection can be used again."""
        wanted = b"" if self.keeps_connections else b"Connection: close\r\n"
        writer.write(b"POST /v2/DV HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n%b\r\n" % wanted)
        await asyncio.sleep(0.01)
        writer.write(b"body")
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
        self.statuses.append(head[9:12])
        return b"connection: close" not in head


async def test_workers_are_replaced_without_a_lost_request(
    served: ServedGateway, tmp_path: Path
) -> None:
    before = served.server.workers()
    trust = ssl.create_default_context(cafile=str(tmp_path / "root.pem"))
    port, stopped = served.settings.listen.port, asyncio.Event()
    posters = [Poster(port, trust, number % 2 == 0, []) for number in range(8)]
    posting = [asyncio.create_task(poster.run(stopped)) for poster in posters]
    served.server.process.send_signal(signal.SIGUSR1)
    await served.server.until_logged("server.worker_ready", times=4)
    await until(lambda: len(served.server.workers()) == 2, "the old workers stay", 40)
    stopped.set()
    await asyncio.gather(*posting)
    for poster in posters:
        assert len(poster.statuses) > 2
        assert set(poster.statuses) == {b"404"}  # there is no such server in this database
    assert not set(before) & set(served.server.workers())


async def test_a_busy_worker_that_is_killed_takes_no_waiting_connection_with_it(
    served: ServedGateway,
) -> None:
    first, second = served.server.workers()
    for pid in (first, second):
        os.kill(pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(served.get("/health/ready")) for _ in range(10)]
    await until(lambda: waiting_connections(served.settings.listen.port) == 10, "none waits")
    os.kill(first, signal.SIGKILL)
    os.kill(second, signal.SIGCONT)
    assert await asyncio.gather(*waiting) == [200] * 10


async def test_a_stopping_server_finishes_what_it_has_begun(
    served: ServedGateway, database: str
) -> None:
    blocker = await asyncpg.connect(database)
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE sandbox.clock IN ACCESS EXCLUSIVE MODE")
        wanted = {"now": "2025-01-10T15:30:00Z"}
        begun = asyncio.create_task(served.session.post(f"{served.url}/sandbox/clock", json=wanted))
        async with asyncpg.create_pool(database, min_size=1) as watching:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            await until(lambda: watching.fetchval(waiting), "the request does not wait")
        served.server.process.terminate()
        await until(lambda: not accepts(served.settings.listen.port), "still accepts connections")
        assert not begun.done()
    async with await begun as response:
        assert response.status == 200
        assert await response.json() == wanted
    assert await served.server.ended() == 0
    await blocker.close()


async def test_a_stopped_server_leaves_no_process_and_no_file(
    served: ServedGateway, tmp_path: Path
) -> None:
    workers = served.server.workers()
    served.server.process.send_signal(signal.SIGINT)
    assert await served.server.ended() == 0
    assert not any(map(is_alive, workers))
    with pytest.raises(ClientConnectionError):
        await served.get("/health/live")


async def test_counters_left_by_a_killed_server_are_removed(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for _ in range(2):  # each ends with a kill
        async with serving(database, tmp_path, workers=1):
            assert count(tmp_path, "gateway-metrics-*") == 1


async def test_workers_do_not_outlive_a_killed_supervisor(served: ServedGateway) -> None:
    workers = served.server.workers()
    served.server.kill()
    await until(lambda: not any(map(is_alive, workers)), "workers live on", 10)


async def test_counters_of_all_workers_are_added_up(unharmed: ServedGateway) -> None:
    line = 'gateway_http_requests_total{door="health",status="200"} '

    async def counted() -> float:
        rest = (await unharmed.metrics()).partition(line)[2]
        return float(rest.partition("\n")[0] or 0)

    before = await counted()
    for _ in range(20):
        await unharmed.get("/health/live")

    async def is_shown() -> bool:
        return await counted() == before + 20

    await until(is_shown, "the last is counted when it has its answer already", 10)


async def test_one_worker_is_supervised_like_many(database: str, tmp_path: Path) -> None:
    async with serving(database, tmp_path, workers=1) as served:
        (only,) = served.server.workers()
        os.kill(only, signal.SIGKILL)
        await served.server.until_logged("server.worker_ready", times=2)
        assert await served.get("/health/ready") == 200


async def test_a_renewed_certificate_is_used_after_sighup(
    unharmed: ServedGateway, tmp_path: Path
) -> None:
    served, before = unharmed, unharmed.server.logged("worker.certificate_reloaded")
    ca = await local_ca(served.settings)
    certificate, key = ca.issue_server_certificate(tmp_path / "new", ["127.0.0.1"])
    listen = served.settings.listen
    assert listen.tls_certificate is not None
    assert listen.tls_key is not None
    certificate.rename(listen.tls_certificate)
    key.rename(listen.tls_key)
    served.server.process.send_signal(signal.SIGHUP)
    await served.server.until_logged("worker.certificate_reloaded", times=before + 2)
    assert await served.get("/health/live") == 200
    assert len(served.server.workers()) == 2


async def test_logs_are_json_without_query_strings_or_bodies(unharmed: ServedGateway) -> None:
    served, before = unharmed, unharmed.server.logged("http.request")
    form = {"action": "LISTSERVERS", "loginName": "nobody", "loginPassword": "hidden-password"}
    url = f"{served.url}/products/!ACMEAdmin"
    async with served.session.post(f"{url}?loginPassword=hidden-query", data=form) as response:
        assert response.status == 400
    async with served.session.post(url, data=form) as response:
        assert response.status == 401
    await served.server.until_logged("http.request", times=before + 2)
    log = served.server.log.read_text()
    assert "hidden" not in log
    assert all(line.startswith("{") and line.endswith("}") for line in log.splitlines())


async def test_an_empty_database_is_refused_with_the_cure(
    database_server: str, tmp_path: Path
) -> None:
    async with fresh_database(database_server, BARE) as empty:
        message = await refusal(await configured(empty, tmp_path), tmp_path)
    assert "0001_foundation" in message
    assert "gateway migrate" in message
    assert "Traceback" not in message


async def test_an_older_schema_is_refused(database: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database)
    last = await connection.fetchval(
        "DELETE FROM migration.applied WHERE name = (SELECT max(name) FROM migration.applied)"
        " RETURNING name"
    )
    await connection.close()
    message = await refusal(await configured(database, tmp_path), tmp_path)
    assert last in message
    assert "gateway migrate" in message


async def test_a_database_that_is_away_at_the_start_is_reported(tmp_path: Path) -> None:
    away = "postgresql://gateway:hidden-password@127.0.0.1:1/gateway"
    message = await refusal(await configured(away, tmp_path), tmp_path)
    assert "the database cannot be used" in message
    assert "hidden-password" not in message
    assert "Traceback" not in message


async def test_a_taken_port_is_reported(database: str, tmp_path: Path) -> None:
    settings = await configured(database, tmp_path)
    with socket.create_server(("127.0.0.1", settings.listen.port)):
        message = await refusal(settings, tmp_path)
    assert f"listen.port: cannot use 127.0.0.1:{settings.listen.port}" in message


async def test_a_second_server_does_not_share_the_port_silently(
    unharmed: ServedGateway, tmp_path: Path
) -> None:
    message = await refusal(unharmed.settings, tmp_path)
    assert "cannot use" in message
    assert len(children(unharmed.server.process.pid)) == 2


async def test_a_missing_tls_certificate_is_reported(database: str, tmp_path: Path) -> None:
    settings = await configured(database, tmp_path)
    bare = structs.replace(settings.listen, tls_certificate=None)
    message = await refusal(structs.replace(settings, listen=bare), tmp_path)
    assert "set listen.tls_certificate" in message


async def test_an_unreadable_tls_certificate_is_reported(database: str, tmp_path: Path) -> None:
    settings = await configured(database, tmp_path)
    assert settings.listen.tls_certificate is not None
    settings.listen.tls_certificate.write_text("no certificate")
    message = await refusal(settings, tmp_path)
    assert str(settings.listen.tls_certificate) in message
    assert "Traceback" not in message


async def test_sandbox_settings_are_refused_in_production(database: str, tmp_path: Path) -> None:
    settings = await configured(database, tmp_path, sandbox=False)
    message = await refusal(settings, tmp_path)
    assert "for the sandbox only" in message


def count(directory: Path, pattern: str) -> int:
    return len(list(directory.glob(pattern)))


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
