"""Other chains than the usual one are linked to and downloaded (RFC 8555 §7.4.2)."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.ca.cross_sign import cross_sign
from gateway.errors import OperatorMistake
from gateway.usecases.ca.chains import add_chain
from gateway.usecases.work import open_work
from tests.integration.acme.conftest import NAME, ReadyOrder
from tests.support.acme_client import AcmeClient
from tests.support.csrs import csr
from tests.support.server_process import SandboxProcess
from tests.support.shop import OPERATOR


async def offer(gateway: Any, pem: bytes) -> int:
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        return await add_chain(work, "local", pem)


async def issued(client: AcmeClient, ready_order: ReadyOrder) -> str:
    """The URL of a certificate."""
    finalized = await client.finalize(await ready_order(), csr([NAME]))
    url: str = finalized.json["certificate"]
    return url


def alternates(answer: Any) -> list[str]:
    links = answer.headers.getall("Link", [])
    return [link[1:].partition(">")[0] for link in links if link.endswith('rel="alternate"')]


async def test_without_alternates_there_are_no_links(
    client: AcmeClient, ready_order: ReadyOrder
) -> None:
    url = await issued(client, ready_order)
    assert alternates(await client.post(url)) == []
    assert (await client.post(f"{url}?chain=1")).status == 404
    assert (await client.post(f"{url}?chain=x")).status == 404


async def test_each_chain_links_to_all_others_and_leads_to_its_own_root(
    gateway: Any, client: AcmeClient, ready_order: ReadyOrder
) -> None:
    issuing = gateway.services.issuers.find("local").issuing_pem()
    roots = [gateway.services.issuers.find("local").root_pem()]
    for label in ("First", "Second"):
        made = cross_sign(issuing, label)
        await offer(gateway, made.issuing)
        roots.append(made.root)
    url = await issued(client, ready_order)
    urls = [url, f"{url}?chain=1", f"{url}?chain=2"]
    leaves = set()
    for shown, root in zip(urls, roots, strict=True):
        answer = await client.post(shown)
        assert answer.status == 200
        assert alternates(answer) == [other for other in urls if other != shown]
        leaf, upper = x509.load_pem_x509_certificates(answer.body)
        leaf.verify_directly_issued_by(upper)
        upper.verify_directly_issued_by(x509.load_pem_x509_certificate(root))
        leaves.add(leaf.serial_number)
    assert len(leaves) == 1


async def test_the_same_chain_is_offered_once(gateway: Any) -> None:
    made = cross_sign(gateway.services.issuers.find("local").issuing_pem(), "Once")
    assert await offer(gateway, made.issuing) == 1
    assert await offer(gateway, made.issuing) == 1


async def test_a_chain_that_does_not_begin_with_the_issuer_is_refused(gateway: Any) -> None:
    made = cross_sign(gateway.services.issuers.find("local").issuing_pem(), "Other")
    for pem, expected in (
        (b"nothing", "no certificates"),
        (made.root, "not one of local"),
        (gateway.services.issuers.find("local").issuing_pem(), "the usual one"),
        (made.issuing + gateway.services.issuers.find("local").root_pem(), "has not issued"),
    ):
        with pytest.raises(OperatorMistake, match=expected):
            await offer(gateway, pem)


def test_a_sandbox_has_one_from_the_start(sandbox_process: SandboxProcess) -> None:
    root = Path(sandbox_process.state, "alternate-root.pem").read_bytes()
    assert b"BEGIN CERTIFICATE" in root
    sandbox_process.stop()
    sandbox_process.start()
    assert Path(sandbox_process.state, "alternate-root.pem").read_bytes() == root
