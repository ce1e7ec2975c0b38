"""Two CAs in one process, each behind a server of its own; nothing of one shows at the other."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.ca.issuers import open_issuers
from gateway.config import Ca, Settings
from gateway.db.pool import Pool, open_pool
from gateway.sandbox import demo_data
from gateway.sandbox.clock import choose_clock
from gateway.services import Services
from gateway.usecases.acme.issuance_runner import IssuanceRunner
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from gateway.validation.dns import FixedResolver
from gateway.vault import Vault
from tests.integration.process.test_serve import configured, refusal, serving
from tests.support.acme_client import AcmeClient, Answer, Eab, base64url, make_csr
from tests.support.challenge_server import ChallengeServer, challenge_server
from tests.support.gateway import CRL_URL, RunningGateway, local_ca, running_gateway
from tests.support.prices import set_name_price
from tests.support.server_process import until
from tests.support.shop import OPERATOR, Shop

NAMES = {"local": "a.example.com", "internal": "b.example.com"}
PATHS = {"local": "/v2/DV", "internal": "/v2/IN"}


def two_cas(directory: Path) -> Ca:
    return Ca(directory=directory / "ca", crl_url=CRL_URL, names=["local", "internal"])


async def add_server(services: Services) -> None:
    """IN, whose certificates come from `internal`; those of the demo's servers from `local`."""
    now = await services.clock.now()
    async with open_work(services.pool, now, OPERATOR) as work:
        await resellers.add_server(
            work,
            resellers.WantedServer(
                name="IN",
                path=PATHS["internal"],
                validation="DV",
                product_id=700,
                description="internal",
                names="any",
                issuers=["internal"],
            ),
        )
        await set_name_price(work.connection, work.now, login=None, yearly="1.00", server="IN")


async def set_server(services: Services, **wanted: Any) -> None:
    now = await services.clock.now()
    async with open_work(services.pool, now, OPERATOR) as work:
        await resellers.set_server(work, "IN", **wanted)


async def client_of(gateway: RunningGateway, issuer: str) -> AcmeClient:
    """Registered at the server of an issuer, with NAMES[issuer] in its subscription."""
    url = gateway.url + PATHS[issuer]
    shop = Shop(gateway)
    account = (await shop.do("PREREGISTER", serverUrl=url, years="1"))["Accounts"][0]
    eab = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
    await shop.add(eab.kid, NAMES[issuer])
    client = AcmeClient(gateway.session, url)
    await client.register(eab)
    return client


async def ready_order(client: AcmeClient, web: ChallengeServer, name: str) -> dict[str, Any]:
    placed = await client.new_order(name)
    assert placed.status == 201, placed.body
    for authorization in placed.json["authorizations"]:
        await web.prove(client, authorization)
    url = placed.headers["Location"]
    return {**await client.settled(url), "url": url}


async def finalize(client: AcmeClient, web: ChallengeServer, name: str) -> Answer:
    return await client.finalize(await ready_order(client, web, name), make_csr([name]))


async def chain_of(client: AcmeClient, order: dict[str, Any]) -> list[x509.Certificate]:
    downloaded = await client.post(order["certificate"])
    return x509.load_pem_x509_certificates(downloaded.body)


async def root_of(settings: Settings, issuer: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((await local_ca(settings, issuer)).root_pem())


@pytest.fixture
async def gateway(database: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    async with running_gateway(database, tmp_path, ca=two_cas(tmp_path)) as running:
        await running.at("2025-01-10T15:30:00Z")
        await add_server(running.services)
        yield running


async def issued_by_both(
    gateway: RunningGateway,
) -> tuple[dict[str, AcmeClient], dict[str, list[x509.Certificate]]]:
    """By issuer: a client of its server, and the chain that it got."""
    clients, chains = {}, {}
    async with challenge_server(gateway.http_port) as web:
        for issuer, name in NAMES.items():
            clients[issuer] = await client_of(gateway, issuer)
            finalized = await finalize(clients[issuer], web, name)
            assert finalized.json["status"] == "valid", finalized.body
            chains[issuer] = await chain_of(clients[issuer], finalized.json)
    return clients, chains


async def fetch(gateway: RunningGateway, url: str) -> bytes:
    """What a certificate points to, from where this gateway serves it."""
    async with gateway.session.get(url.replace(CRL_URL, gateway.plain_url)) as response:
        assert response.status == 200, url
        return await response.read()


def crl_url_of(leaf: x509.Certificate) -> str:
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [name] = points[0].full_name or []
    return str(name.value)


async def test_certificates_lead_to_the_root_of_their_servers_issuer(
    gateway: RunningGateway,
) -> None:
    _, chains = await issued_by_both(gateway)
    roots = {issuer: await root_of(gateway.services.settings, issuer) for issuer in NAMES}
    assert roots["local"] != roots["internal"]
    for issuer, (leaf, issuing) in chains.items():
        leaf.verify_directly_issued_by(issuing)
        issuing.verify_directly_issued_by(roots[issuer])
    rows = await gateway.pool.fetch(
        "SELECT certificate.names, issuer.name FROM ca.certificate"
        " JOIN ca.issuer ON issuer.id = certificate.issuer_id"
    )
    assert {row["name"]: row["names"][0] for row in rows} == NAMES


async def test_crl_and_ca_certificate_of_each_are_served_under_its_own_name(
    gateway: RunningGateway,
) -> None:
    _, chains = await issued_by_both(gateway)
    for issuer, (leaf, issuing) in chains.items():
        access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        [url] = [about.access_location.value for about in access]
        assert url == f"{CRL_URL}/ca/{issuer}.der"
        assert x509.load_der_x509_certificate(await fetch(gateway, url)) == issuing
        pem = await fetch(gateway, f"{CRL_URL}/ca/{issuer}.pem")
        assert x509.load_pem_x509_certificate(pem) == issuing
        assert crl_url_of(leaf).startswith(f"{CRL_URL}/crl/{issuer}-")
        for address in (crl_url_of(leaf), f"{CRL_URL}/crl/{issuer}.crl"):
            crl = x509.load_der_x509_crl(await fetch(gateway, address))
            assert crl.is_signature_valid(issuing.public_key())  # type: ignore[arg-type]
    for path in ("/crl/other.crl", "/crl/other-1.crl", "/ca/other.pem", "/ca/other.der"):
        async with gateway.session.get(gateway.plain_url + path) as response:
            assert response.status == 404, path


async def test_a_revocation_is_on_the_crls_of_its_issuer_and_on_no_other(
    gateway: RunningGateway,
) -> None:
    clients, chains = await issued_by_both(gateway)
    leaf = chains["internal"][0]
    client = clients["internal"]
    der = base64url(leaf.public_bytes(Encoding.DER))
    answer = await client.post(await client.url("revokeCert"), {"certificate": der})
    assert answer.status == 200, answer.body
    expected = {crl_url_of(leaf): 1, f"{CRL_URL}/crl/internal.crl": 1}
    expected |= {crl_url_of(chains["local"][0]): 0, f"{CRL_URL}/crl/local.crl": 0}
    for url, entries in expected.items():
        assert len(x509.load_der_x509_crl(await fetch(gateway, url))) == entries, url

    async def reported() -> bool:
        return bool(
            await gateway.pool.fetchval(
                "SELECT bool_and(reported_at IS NOT NULL) FROM ca.revocation"
            )
        )

    await until(reported, "the revocation waits to be reported")


async def test_a_changed_server_asks_another_issuer_from_the_next_order_on(
    gateway: RunningGateway,
) -> None:
    name = NAMES["internal"]
    async with challenge_server(gateway.http_port) as web:
        client = await client_of(gateway, "internal")
        before = await finalize(client, web, name)
        # The first one is not there (yet): the next one is asked.
        await set_server(gateway.services, issuers=["not-there", "local", "internal"])
        after = await finalize(client, web, name)
    for answer, issuer in ((before, "internal"), (after, "local")):
        _, issuing = await chain_of(client, answer.json)
        issuing.verify_directly_issued_by(await root_of(gateway.services.settings, issuer))


async def test_with_none_of_its_issuers_there_a_server_asks_for_patience(
    gateway: RunningGateway,
) -> None:
    async with challenge_server(gateway.http_port) as web:
        client = await client_of(gateway, "internal")
        order = await ready_order(client, web, NAMES["internal"])
        await set_server(gateway.services, issuers=["not-there"])
        answer = await client.finalize(order, make_csr([NAMES["internal"]]))
        assert (answer.status, answer.problem) == (503, "serverInternal")
        assert int(answer.headers["Retry-After"]) > 0
        await set_server(gateway.services, issuers=["internal"])
        assert (await client.finalize(order, make_csr([NAMES["internal"]]))).status == 200


async def test_an_issuer_that_was_asked_and_is_gone_is_waited_for(gateway: RunningGateway) -> None:
    """Another one must not sign: the first may have done so."""
    name, pool = NAMES["internal"], gateway.pool
    async with challenge_server(gateway.http_port) as web:
        client = await client_of(gateway, "internal")
        finalized = await finalize(client, web, name)
        await pool.execute("DELETE FROM ca.certificate")
        order_id = await pool.fetchval(
            'UPDATE acme."order" SET intent = intent || \'{"issuer": "gone"}\' RETURNING id'
        )
        await pool.execute('ALTER TABLE acme."order" DISABLE TRIGGER USER')
        await pool.execute("UPDATE acme.\"order\" SET status = 'processing'")
        runner = IssuanceRunner(gateway.services)
        runner.start(order_id)
        await asyncio.gather(*runner._tasks)
        assert await pool.fetchval("SELECT count(*) FROM ca.certificate") == 0
        await pool.execute("UPDATE acme.\"order\" SET intent = intent - 'issuer'")
        await set_server(gateway.services, issuers=["internal"])
        runner.start(order_id)
        await asyncio.gather(*runner._tasks)
    # What a release before has recorded was for the only issuer that it had.
    _, issuing = await chain_of(client, finalized.json)
    issuing.verify_directly_issued_by(await root_of(gateway.services.settings, "local"))


async def test_a_gateway_without_any_issuer_of_a_server_does_not_start(
    database: str, tmp_path: Path
) -> None:
    settings = await configured(database, tmp_path, ca=two_cas(tmp_path))
    pool = await open_pool(database, min_size=1)
    try:
        await pool.execute(
            "INSERT INTO acme.server"
            " (id, name, path, validation, product_id, description, position, issuers)"
            " VALUES (gen_random_uuid(), 'X', '/x', 'DV', 1, '', 1, '{gone,away}')"
        )
    finally:
        await pool.close()
    message = await refusal(settings, tmp_path)
    assert "server X: there is no issuer gone or away; the settings have local, internal" in message


@pytest.fixture
async def outside(database: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database, min_size=1)
    yield pool
    await pool.close()


async def test_what_a_killed_process_began_goes_on_with_the_issuer_that_was_asked(
    database: str, outside: Pool, tmp_path: Path
) -> None:
    """Killed with the intent recorded and nothing stored, and then the server is set to another."""
    name = NAMES["internal"]
    async with serving(database, tmp_path, workers=1, ca=two_cas(tmp_path)) as served:
        settings = served.settings
        services = Services(
            settings,
            outside,
            choose_clock(settings, outside),
            Vault([key.get_secret_value() for key in settings.secrets.keys]),
            await open_issuers(settings),
            FixedResolver("127.0.0.1"),
        )
        await demo_data.add(outside, services.clock)
        await add_server(services)
        gateway = RunningGateway(services, served.session, tmp_path / "root.pem")
        async with challenge_server(gateway.http_port) as web:
            client = await client_of(gateway, "internal")
            order = await ready_order(client, web, name)
        await outside.execute(
            """
            CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
            CREATE TRIGGER hold BEFORE INSERT ON ca.certificate
                FOR EACH ROW EXECUTE FUNCTION public.hold();
            """
        )
        finalizing = asyncio.create_task(client.finalize(order, make_csr([name])))
        held = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid IS NOT NULL"
        await until(lambda: outside.fetchval(held), served.server.log)
        for pid in [*served.server.workers(), served.server.process.pid]:
            os.kill(pid, signal.SIGKILL)
        served.server.process.wait()
        with pytest.raises((ClientError, OSError)):
            await finalizing
        await outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        )
        await outside.execute("DROP FUNCTION public.hold() CASCADE")
        intent = await outside.fetchval('SELECT intent FROM acme."order"')
        assert intent["issuer"] == "internal"
        await set_server(services, issuers=["local"])
        served.server.start()
        await served.server.until_logged("server.ready", times=2)
        settled = await client.settled(order["url"], pending=("processing",))
        assert settled["status"] == "valid", settled
        leaf, issuing = await chain_of(client, settled)
        issuing.verify_directly_issued_by(await root_of(settings, "internal"))
        leaf.verify_directly_issued_by(issuing)
        assert f"{leaf.serial_number:x}" == intent["serial"]
