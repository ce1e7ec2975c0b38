"""aioacme, which reads every member of what it gets by a schema, and proves names by dns-01."""

import asyncio
import base64
import os
import ssl
import sys
from pathlib import Path

import aioacme
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

_POLLS = 60


async def until(acme_object, *statuses):
    """What `acme_object` gives once it has one of these statuses."""
    for _ in range(_POLLS):
        found = await acme_object()
        if found.status.value in statuses:
            return found
        await asyncio.sleep(0.5)
    raise TimeoutError(found)


async def prove(acme, authorization):
    [challenge] = [each for each in authorization.challenges if each.type.value == "dns-01"]
    record = {
        "name": acme.get_dns_challenge_domain(authorization.identifier.value),
        "value": acme.get_dns_challenge_validation(challenge.token),
    }
    async with httpx.AsyncClient() as zone:
        (await zone.post(f"{os.environ['ZONE_URL']}/present", params=record)).raise_for_status()
    await acme.answer_challenge(challenge.url)
    proven = await until(lambda: acme.get_authorization(authorization.uri), "valid", "invalid")
    assert proven.status.value == "valid", proven


async def issue(acme, names):
    order = await acme.new_order([aioacme.Identifier(value=name) for name in names])
    for url in order.authorizations:
        authorization = await acme.get_authorization(url)
        if authorization.status.value == "pending":
            await prove(acme, authorization)
    order = await until(lambda: acme.get_order(order.uri), "ready")
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    )
    finalized = await acme.finalize_order(order.finalize, csr)
    valid = await until(lambda: acme.get_order(finalized.uri), "valid")
    return await acme.get_certificate(valid.certificate)


def keep(name, chain):
    Path(name).write_bytes(chain)


async def main(names):
    binding = aioacme.ExternalAccountBinding(
        os.environ["EAB_KID"], base64.urlsafe_b64decode(os.environ["EAB_MAC_KEY"] + "=")
    )
    async with aioacme.Client(
        account_key=ec.generate_private_key(ec.SECP384R1()),
        directory_url=os.environ["DIRECTORY"],
        external_account_binding=binding,
        ssl=ssl.create_default_context(),
    ) as acme:
        assert (await acme.get_account()).status.value == "valid"
        await acme.update_account(contact=["mailto:admin@example.com"])
        keep("first.pem", await issue(acme, names))
        await acme.change_key(ec.generate_private_key(ec.SECP256R1()))
        second = await issue(acme, names)
        keep("second.pem", second)
        leaf, *_ = x509.load_pem_x509_certificates(second)
        await acme.revoke_certificate(leaf, reason=aioacme.RevocationReason.superseded)


asyncio.run(main(sys.argv[1:]))
