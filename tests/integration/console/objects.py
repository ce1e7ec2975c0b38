"""What the routes of the console name in their paths, made for tests of all routes."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from gateway.doors.console.door import page_groups
from gateway.doors.console.routes import BASE, PageRoute
from gateway.origin import Origin
from gateway.sandbox import demo_data
from gateway.usecases.acme import accounts
from gateway.usecases.sitelock import licences
from gateway.usecases.sitelock.licences import LicenceOrder
from gateway.usecases.work import open_work
from tests.support import looked_up
from tests.support.certificate_shop import shop_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.issued import acme_order
from tests.support.many_certificates import prepared_bulk
from tests.support.notices import NoticeOperator
from tests.support.organizations import add_organization, add_prevalidation, send_document
from tests.support.shop import Shop
from tests.support.waiting import (
    waiting_check,
    waiting_document,
    waiting_prevalidation,
    waiting_unsubscription,
)

OTHER = "other"
"""Login of another reseller, and the beginning of its password."""


IN_BRACES = re.compile(r"\{(\w+)[^}]*\}")


async def _session_of_another(gateway: RunningGateway) -> str:
    other = ConsolePerson(gateway)
    await other.sign_in(OTHER, f"{OTHER}-password")
    query = """
        SELECT session.id
          FROM operation.session
          JOIN reseller.account ON account.id = reseller_id
         WHERE login = $1
    """
    return str(await gateway.pool.fetchval(query, OTHER))


async def _passkey_of_another(gateway: RunningGateway) -> str:
    query = """
        WITH owner AS (
            INSERT INTO operation.second_factor (reseller_id)
            SELECT id FROM reseller.account WHERE login = $1
            RETURNING owner_id
        )
        INSERT INTO operation.passkey
               (id, owner_id, name, credential_id, public_key, sign_count, added_at)
        SELECT gen_random_uuid(), owner_id, 'theirs', 'credential', 'key', 0, '2026-01-01 00:00+00'
          FROM owner
        RETURNING id
    """
    return str(await gateway.pool.fetchval(query, OTHER))


async def _credential_of(gateway: RunningGateway, login: str = OTHER) -> str:
    query = "SELECT id FROM reseller.account WHERE login = $1"
    owner = await gateway.pool.fetchval(query, login)
    now, origin = await gateway.services.clock.now(), Origin(f"reseller:{login}")
    async with open_work(gateway.pool, now, origin) as work:
        made = await accounts.preregister(
            work, gateway.services.vault, reseller_id=owner, server_path="/v2/DV", term_days=365
        )
    return made.kid


async def _acme_order_of(gateway: RunningGateway, login: str = OTHER) -> str:
    account = await _credential_of(gateway, login)
    now = await gateway.services.clock.now()
    return await acme_order(gateway.pool, account, "theirs.example.com", now)


async def _found_acme_order(gateway: RunningGateway) -> str:
    return await _acme_order_of(gateway, demo_data.LOGIN)


async def _organization_of(gateway: RunningGateway, login: str = OTHER) -> str:
    return str(await add_organization(gateway, login=login))


async def _prevalidation_of(gateway: RunningGateway, login: str = OTHER) -> str:
    return str(await add_prevalidation(gateway, "other.example", login=login))


async def _document_of(gateway: RunningGateway, login: str = OTHER) -> str:
    organization = await add_organization(gateway, login=login)
    return str((await send_document(gateway, organization, login=login)).id)


async def _licence_of(gateway: RunningGateway, login: str = OTHER) -> str:
    owner = await gateway.pool.fetchval("SELECT id FROM reseller.account WHERE login = $1", login)
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, Origin("operator:test")) as work:
        domain = f"{login}.example"
        free = LicenceOrder(owner, [1059], 365, domain, f"it@{domain}", False, {})
        return str((await licences.order(work, free)).licence_number)


async def _destination_of(gateway: RunningGateway, login: str = OTHER) -> str:
    notices = NoticeOperator(gateway.services, login)
    address = f"https://hooks.{login}.example/console"
    await notices.webhook(address)
    [own] = [each.id for each in await notices.destinations() if each.address == address]
    return str(own)


async def _order_of(gateway: RunningGateway, login: str = OTHER) -> str:
    await gateway.pool.execute("UPDATE reseller.account SET credit_limit = 1000")
    other = {"loginName": OTHER, "loginPassword": f"{OTHER}-password"}
    shop = Shop(gateway, other if login == OTHER else {})
    fields = {"acmeAccountID": await shop.credential(), "domainName": "other.example"}
    return str((await shop.do("ADDDOMAIN", **fields))["orderNumber"])


async def _certificate_of(gateway: RunningGateway, login: str = OTHER) -> str:
    await gateway.pool.execute("UPDATE reseller.account SET credit_limit = 1000")
    return await (await shop_of(gateway, login)).buy("other.example")


async def _own_organization(gateway: RunningGateway) -> str:
    return await _organization_of(gateway, demo_data.LOGIN)


async def _own_document(gateway: RunningGateway) -> str:
    return await _document_of(gateway, demo_data.LOGIN)


OBJECTS: dict[str, Callable[..., Awaitable[str]]] = {
    "kid": _credential_of,
    "account_id": _credential_of,
    "acme_order_id": _acme_order_of,
    "found_acme_order": _found_acme_order,
    "session_id": _session_of_another,
    "passkey_id": _passkey_of_another,
    "organization_id": _organization_of,
    "document_id": _document_of,
    "prevalidation_number": _prevalidation_of,
    "licence_number": _licence_of,
    "destination_id": _destination_of,
    "prevalidation": waiting_prevalidation,
    "unsubscription": waiting_unsubscription,
    "checked_order": waiting_check,
    "asked_organization": _own_organization,
    "asked_document": waiting_document,
    "sent_document": _own_document,
    "found_kid": looked_up.kid,
    "found_account": looked_up.kid,
    "serial": looked_up.serial,
    "bulk_revocation": prepared_bulk,
    "found_reseller": looked_up.demo_reseller,
    "job": looked_up.failed_job,
    "failing_destination": looked_up.failing_destination,
    "other_operator": looked_up.other_operator,
    "order_number": _order_of,
    "cert_id": _certificate_of,
}
"""For each part of a path that names a thing: makes one of another reseller, and gives its name.

What a page of a reseller shows can be made for the one with that login as well.
"""


def routes() -> Iterator[PageRoute]:
    for group in page_groups():
        yield from group.routes


def named(chosen: Callable[[PageRoute], bool]) -> list[Any]:
    found = [each for each in routes() if chosen(each)]
    assert found
    return [pytest.param(each, id=f"{each.method} {each.path}") for each in found]


def path_of(route: PageRoute, **parts: str) -> str:
    """The address of a route; parts that are not given lead to nothing."""
    return BASE + IN_BRACES.sub(lambda found: parts.get(found[1], "0"), route.path)


async def path_of_own(gateway: RunningGateway, route: PageRoute) -> str:
    """The address of a route to things that exist, the demo reseller's where one owns them."""
    login = [demo_data.LOGIN] if route.who.resellers else []
    names = IN_BRACES.findall(route.path)
    return path_of(route, **{name: await made(gateway, name, *login) for name in names})


_MADE: dict[tuple[str, ...], str] = {}


async def made(gateway: RunningGateway, name: str, *login: str) -> str:
    """The thing of OBJECTS with that name, which is made once for a gateway."""
    key = (gateway.url, name, *login)
    if key not in _MADE:
        _MADE[key] = await OBJECTS[name](gateway, *login)
    return _MADE[key]
