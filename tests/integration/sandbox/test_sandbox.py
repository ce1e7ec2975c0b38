"""`gateway sandbox`: what it promises to programs that start it."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gateway.config.sources import load_settings
from gateway.sandbox.process import SandboxProcess as Sandbox
from tests.support.gateway import session_trusting
from tests.support.server_process import SandboxProcess

READY = [
    "ready",
    "actions",
    "directories",
    "sandbox",
    "rootCertificate",
    "loginName",
    "loginPassword",
    "database",
    "console",
    "operatorLogin",
    "operatorPassword",
    "http",
    "ovAnchorOrderNumber",
]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox for the tests that change nothing in it."""
    process = SandboxProcess(tmp_path_factory.mktemp("read") / "sandbox")
    try:
        process.start()
        yield process
    finally:
        process.clean_up()


def certificates(pem: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem.read_bytes())


async def act(ready: dict[str, Any], name: str, **fields: str) -> dict[str, Any]:
    """An action of the demo reseller."""
    form = {"action": name, "loginName": ready["loginName"], **fields}
    form["loginPassword"] = ready["loginPassword"]
    async with (
        session_trusting(Path(ready["rootCertificate"])) as session,
        session.post(ready["actions"], data=form) as response,
    ):
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def test_the_ready_line_says_where_everything_is(read: SandboxProcess) -> None:
    ready = read.ready
    url = f"https://127.0.0.1:{read.port}"
    assert set(ready) >= set(READY)
    assert ready["ready"] is True
    assert ready["actions"] == f"{url}/products/!ACMEAdmin"
    assert ready["directories"] == {"DV": f"{url}/v2/DV", "OV": f"{url}/v2/OV"}
    assert ready["sandbox"] == f"{url}/sandbox"
    assert ready["console"] == f"{url}/console/"
    async with session_trusting(Path(ready["rootCertificate"])) as session:
        for kind in ("DV", "OV"):
            async with session.get(ready["directories"][kind]) as response:
                directory = await response.json()
                assert directory["meta"]["externalAccountRequired"] is True
                assert directory["newOrder"].startswith(url)
        async with session.get(f"{ready['sandbox']}/clock") as response:
            assert list(await response.json()) == ["now"]
        for login, password in (
            (ready["loginName"], ready["loginPassword"]),
            (ready["operatorLogin"], ready["operatorPassword"]),
        ):
            fields = {"login": login, "password": password}
            signing = session.post(f"{ready['console']}sign-in", data=fields, allow_redirects=False)
            async with signing as response:
                assert (response.status, response.headers["Location"]) == (303, "/console/")
        async with session.get(f"{ready['http']}/crl/local.crl") as response:
            x509.load_der_x509_crl(await response.read())
        async with session.get(f"{ready['http']}/v2/DV") as response:
            assert response.status != 200
            assert "HTTPS" in await response.text()
    connection = await asyncpg.connect(ready["database"])
    assert await connection.fetchval("SELECT count(*) FROM reseller.account") == 1
    await connection.close()


async def test_the_demo_reseller_has_money_prices_and_two_servers(
    read: SandboxProcess,
) -> None:
    ready = read.ready
    listed = await act(ready, "LISTSERVERS")
    assert [tuple(server.values()) for server in listed["Servers"]] == [
        (ready["directories"]["DV"], 608, "CaaS DV TLS Certificate", "DV"),
        (ready["directories"]["OV"], 609, "CaaS OV TLS Certificate", "OV"),
    ]
    connection = await asyncpg.connect(ready["database"])
    prices = await connection.fetch(
        """
        SELECT item, variant, amount::text, currency
          FROM reseller.price
         WHERE account_id IS NULL
           AND family = 'acme'
         ORDER BY 1, 2
        """
    )
    balance = await connection.fetchval("SELECT balance::text FROM reseller.account")
    await connection.close()
    assert [tuple(price) for price in prices] == [
        ("DV", "fqdn", "365.00", "USD"),
        ("DV", "wildcard", "1095.00", "USD"),
        ("OV", "fqdn", "730.00", "USD"),
        ("OV", "wildcard", "2190.00", "USD"),
    ]
    assert balance == "10000.00"


def test_its_settings_file_is_for_its_owner_and_the_other_commands(
    read: SandboxProcess,
) -> None:
    config = read.state / "gateway.toml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    settings = load_settings(config)
    assert settings.sandbox
    assert settings.database == read.ready["database"]
    listed = subprocess.run(
        [sys.executable, "-m", "gateway", "reseller", "list", "--config", str(config)],
        capture_output=True,
        text=True,
    )
    assert listed.stdout == "demo  10000.00 USD  manual\n"


def test_its_ca_spans_the_century_and_its_server_certificate_is_of_now(
    read: SandboxProcess,
) -> None:
    (root,) = certificates(Path(read.ready["rootCertificate"]))
    assert root.not_valid_before_utc == datetime(2000, 1, 1, tzinfo=UTC)
    assert root.not_valid_after_utc == datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
    settings = load_settings(read.state / "gateway.toml")
    assert settings.listen.tls_certificate is not None
    leaf = certificates(settings.listen.tls_certificate)[0]
    assert leaf.not_valid_before_utc <= datetime.now(UTC) < leaf.not_valid_after_utc
    names = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1"]


async def test_after_the_ready_line_nothing_more_is_printed(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "sandbox")
    try:
        sandbox.start()
        printed = sandbox.process.stdout
        assert printed is not None
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.append(printed.read()))
        reader.start()
        await act(sandbox.ready, "LISTSERVERS")
        assert sandbox.stop() == 0
        reader.join()
        assert rest == [""]
        assert '"http.request"' in sandbox.log.read_text(), "logs go to stderr"
    finally:
        sandbox.clean_up()


async def test_a_public_url_is_used_everywhere_and_port_0_is_a_free_one(tmp_path: Path) -> None:
    public = "https://gateway.example.com:9443"
    words = ["--state", str(tmp_path / "state"), "--port", "0", "--public-url", f"{public}/"]
    with Sandbox(*words, log=tmp_path / "log") as sandbox:
        ready = sandbox.ready
        assert ready["actions"] == f"{public}/products/!ACMEAdmin"
        assert ready["directories"]["OV"] == f"{public}/v2/OV"
        assert ready["sandbox"] == f"{public}/sandbox"
        settings = load_settings(tmp_path / "state" / "gateway.toml")
        assert settings.listen.port != 0
        here = f"https://127.0.0.1:{settings.listen.port}"
        listed = await act({**ready, "actions": f"{here}/products/!ACMEAdmin"}, "LISTSERVERS")
        assert listed["Servers"][0]["serverUrl"] == f"{public}/v2/DV"
        async with (
            session_trusting(Path(ready["rootCertificate"])) as session,
            session.get(f"{here}/v2/DV") as response,
        ):
            assert (await response.json())["newOrder"].startswith(f"{public}/")
        assert settings.listen.tls_certificate is not None
        leaf = certificates(settings.listen.tls_certificate)[0]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert "gateway.example.com" in names.get_values_for_type(x509.DNSName)


def refused(state: Path, *options: str, **environment: str) -> str:
    """The one line of a sandbox that does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "sandbox", "--state", state, "--port=0", *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("gateway: ")
    assert ended.stderr.count("\n") == 1
    assert not (state / "postgres").exists(), "nothing is made"
    return ended.stderr


def test_a_state_that_is_a_file_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("garbage", "cannot be read"),
        ("listen = 3", "listen"),
        ("[listen]\nplain_http_port = 99999", "listen.plain_http_port"),
        ("[secrets]\nkeys = 5", "secrets.keys"),
        ("[secrets]\nkeys = ['hidden']", "secrets.keys"),
    ],
)
def test_broken_settings_of_a_former_run_are_reported_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "gateway.toml").write_text(content)
    shown = refused(tmp_path)
    assert message in shown
    assert "hidden" not in shown


@pytest.mark.parametrize("variable", ["GATEWAY_WORKERS", "GATEWAY_LISTEN"])
def test_an_environment_that_cannot_be_is_reported_in_one_line(
    tmp_path: Path, variable: str
) -> None:
    assert variable.removeprefix("GATEWAY_").lower() in refused(tmp_path, **{variable: "nonsense"})


@pytest.mark.parametrize("resolver", ["nonsense:dns", "127.0.0.1:99999", "127.0.0.1:0"])
def test_a_resolver_that_cannot_be_is_reported_in_one_line(tmp_path: Path, resolver: str) -> None:
    assert resolver in refused(tmp_path, "--dns", resolver)
