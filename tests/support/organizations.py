"""Organizations and pre-validations of resellers, and customers of the OV server."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from gateway.origin import Origin
from gateway.rules.organization.organizations import OrganizationDetails
from gateway.store.organization.prevalidations import Prevalidation
from gateway.usecases.organization import documents, organizations, prevalidations
from gateway.usecases.organization.documents import AskedDocument, NewDocument, StoredDocument
from gateway.usecases.organization.prevalidations import NewPrevalidation
from gateway.usecases.work import open_reading, open_work
from tests.support.acme_client import AcmeClient, Eab
from tests.support.shop import OPERATOR, Shop

ACME = OrganizationDetails(name="Acme Hosting Ltd", country="GB", locality="London")
OTHER = OrganizationDetails(
    name="Andere AG", country="CH", locality="Zürich", state_or_province="Zürich"
)
EXPIRES = "2027-01-10T23:59:59Z"
TERM = timedelta(days=365)


async def add_organization(
    gateway: Any, details: OrganizationDetails = ACME, login: str = "demo"
) -> UUID:
    """Adds an organization of a reseller."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        return await organizations.add_organization(
            work,
            reseller_id=await organizations.reseller_called(work, login),
            details=details,
        )


async def add_prevalidation(
    gateway: Any,
    *domains: str,
    organization: UUID | None = None,
    details: OrganizationDetails = ACME,
    kind: str = "OV",
    valid_from: str | None = None,
    expires: str | None = EXPIRES,
    renews: int | None = None,
    login: str = "demo",
) -> int:
    """Adds a pre-validation, of a new organization unless one is given.

    It is valid, or with `expires` None only requested.
    """
    organization_id = organization or await add_organization(gateway, details, login)
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        wanted = NewPrevalidation(
            await organizations.reseller_called(work, login),
            organization_id,
            kind,
            domains,
            None if valid_from is None else datetime.fromisoformat(valid_from),
            None if expires is None else datetime.fromisoformat(expires),
            renews,
        )
        return await prevalidations.add_prevalidation(work, wanted)


PDF = b"%PDF-1.7\n1 0 obj\n"
"""The beginning of a PDF file."""


async def send_document(
    gateway: Any,
    organization: UUID,
    name: str = "register.pdf",
    content: bytes = PDF,
    answers: UUID | None = None,
    login: str = "demo",
) -> StoredDocument:
    """Sends a document of an organization."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, Origin(f"reseller:{login}")) as work:
        owner = await organizations.reseller_called(work, login)
        new = NewDocument(name, content, sha256(content).digest(), answers)
        sent, _ = await documents.send_document(work, owner, organization, new)
    return sent


async def ask_for_document(
    gateway: Any, organization: UUID, text: str = "register extract not older than 3 months"
) -> AskedDocument:
    """Asks for a document of an organization."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        return await documents.ask_for_document(work, organization, text)


async def approve(gateway: Any, number: int, expires: str | None = None) -> bool:
    """Approves a pre-validation; False = it was valid already."""
    ends = None if expires is None else datetime.fromisoformat(expires)
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        _, changed = await prevalidations.approve(work, number, expires_at=ends, term=TERM)
    return changed


async def reject(gateway: Any, number: int) -> bool:
    """Rejects a pre-validation; False = it was rejected already."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        _, changed = await prevalidations.reject(work, number)
    return changed


async def prevalidation(gateway: Any, number: int) -> Prevalidation:
    now = await gateway.services.clock.now()
    async with open_reading(gateway.pool, now, OPERATOR) as work:
        return await prevalidations.show_prevalidation(work, number)


async def ov_credential(shop: Shop, years: int = 1) -> Eab:
    """A new EAB credential on the OV server; its `kid` is the acmeAccountID too."""
    fields = {"serverUrl": shop.gateway.ov_directory_url, "years": str(years)}
    account = (await shop.do("PREREGISTER", **fields))["Accounts"][0]
    return Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])


async def add_ov_name(shop: Shop, account: str, name: str, anchor: int, **fields: str) -> None:
    await shop.add(account, name, ovAnchorOrderNumber=str(anchor), **fields)


async def ov_client(shop: Shop, anchor: int, *names: str, years: int = 1) -> tuple[Eab, AcmeClient]:
    """A customer with these names on the OV server, and a client registered there."""
    eab = await ov_credential(shop, years)
    for name in names:
        await add_ov_name(shop, eab.kid, name, anchor)
    client = AcmeClient(shop.gateway.session, shop.gateway.ov_directory_url)
    await client.register(eab)
    return eab, client
