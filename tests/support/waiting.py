"""Things of the demo reseller that wait for operators, made the short way."""

from collections.abc import Mapping
from typing import Any

from tests.support.certificate_shop import purchase, shop_of
from tests.support.organizations import add_organization, add_prevalidation, ask_for_document

ORGANIZATION = {"name": "Example GmbH", "country": "DE", "state": "Berlin"}


async def waiting_prevalidation(gateway: Any) -> str:
    """A pre-validation to be decided on; gives its number."""
    return str(await add_prevalidation(gateway, "waits.example", expires=None))


async def waiting_document(gateway: Any) -> str:
    """A document that an organization is asked for; gives its id."""
    return str((await ask_for_document(gateway, await add_organization(gateway))).id)


async def waiting_unsubscription(gateway: Any) -> str:
    """A request to unsubscribe from a certificate; gives its number."""
    shop = await shop_of(gateway, gateway.login)
    return str(await shop.unsubscribe(await shop.buy()))


async def waiting_check(gateway: Any, organization: Mapping[str, str] = ORGANIZATION) -> str:
    """An order for an OV certificate whose names count as proven; gives its cert_id."""
    shop = await shop_of(gateway, gateway.login)
    bought = await shop.do("POST", json=purchase(type="OV_SSL_CERT"))
    cert_id = str(bought["cert_id"])
    await shop.apply(cert_id, domain_method="FILE", organization=dict(organization))
    async with gateway.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            """
            UPDATE ssl."order"
               SET status = 'CHECKING_ORG', due_at = NULL
             WHERE cert_id = $1
            """,
            cert_id,
        )
        await connection.execute(
            """
            UPDATE ssl.proof
               SET proven_at = $2, caa_checked_at = $2, evidence = '{}'
             WHERE application_id = (SELECT application_id FROM ssl."order" WHERE cert_id = $1)
            """,
            cert_id,
            await gateway.services.clock.now(),
        )
    return cert_id
