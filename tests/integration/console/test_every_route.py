"""What holds for every route of the console; the routes are read from the door itself."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from gateway.doors.console.access import Access
from gateway.doors.console.door import HEADERS, page_groups
from gateway.doors.console.forms import PageForm
from gateway.doors.console.pages import PAGES
from gateway.doors.console.routes import BASE, PageRoute
from gateway.origin import Origin
from gateway.rules.operation.roles import Permission, Role, may
from gateway.sandbox import demo_data
from gateway.usecases.acme import accounts
from gateway.usecases.reseller import resellers
from gateway.usecases.sitelock import licences
from gateway.usecases.sitelock.licences import LicenceOrder
from gateway.usecases.work import open_work
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.support import looked_up
from tests.support.certificate_shop import shop_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.issued import acme_order
from tests.support.kept import KeptDatabases
from tests.support.many_certificates import prepared_bulk
from tests.support.notices import NoticeOperator
from tests.support.organizations import add_organization, add_prevalidation, send_document
from tests.support.postgres import FURNISHED
from tests.support.server_process import until
from tests.support.shop import Shop
from tests.support.waiting import (
    waiting_check,
    waiting_document,
    waiting_prevalidation,
    waiting_unsubscription,
)

OTHER = "other"
"""Login of another reseller, and the beginning of its password."""


_IN_BRACES = re.compile(r"\{(\w+)[^}]*\}")


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
    return BASE + _IN_BRACES.sub(lambda found: parts.get(found[1], "0"), route.path)


async def path_of_own(gateway: RunningGateway, route: PageRoute) -> str:
    """The address of a route to things that exist, the demo reseller's where one owns them."""
    login = [demo_data.LOGIN] if route.who.resellers else []
    names = _IN_BRACES.findall(route.path)
    return path_of(route, **{name: await made(gateway, name, *login) for name in names})


_MADE: dict[tuple[str, ...], str] = {}


async def made(gateway: RunningGateway, name: str, *login: str) -> str:
    """The thing of OBJECTS with that name, which is made once for a gateway."""
    key = (gateway.url, name, *login)
    if key not in _MADE:
        _MADE[key] = await OBJECTS[name](gateway, *login)
    return _MADE[key]


async def everything(gateway: RunningGateway) -> dict[str, int]:
    """A checksum of each table, without what is noted about requests themselves."""

    async def registered() -> bool:
        query = "SELECT EXISTS (SELECT FROM audit.event WHERE action = 'issuer.registered')"
        return bool(await gateway.pool.fetchval(query))

    await until(registered, "the gateway has recorded its issuer, soon after the start")
    tables = await gateway.pool.fetch(
        """
        SELECT format('%I.%I', schemaname, tablename)
          FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'job', 'notice')
           AND (schemaname, tablename) NOT IN (('audit', 'refusal'), ('acme', 'nonce'),
                                               ('ca', 'crl'), ('operation', 'session'))
        """
    )
    # Clients that made what is looked at are noted soon after.
    noted = "{last_activity,user_agent,ip_address}"
    sums = [
        f"""
        SELECT '{name}' AS name,
               coalesce(sum(hashtext((to_jsonb(each) - '{noted}'::text[])::text)), 0) AS sum
          FROM {name} AS each
         WHERE to_jsonb(each) ->> 'actor' IS DISTINCT FROM 'gateway:crl'
        """  # CRLs are signed in the background
        for (name,) in tables
    ]
    rows = await gateway.pool.fetch(" UNION ALL ".join(sums))
    return {row["name"]: row["sum"] for row in rows}


@pytest.fixture(scope="module")
async def gateway(
    kept_databases: KeptDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningGateway]:
    """One for all routes: nothing here changes what others look at, or it is put back."""
    async with (
        kept_databases.lend(FURNISHED) as database,
        running_gateway(database, tmp_path_factory.mktemp("gateway")) as running,
    ):
        yield running


@pytest.fixture(scope="module")
async def other(gateway: RunningGateway) -> ConsolePerson:
    """Another reseller, who is signed in."""
    origin = Origin("operator:test")
    async with open_work(gateway.pool, await gateway.services.clock.now(), origin) as work:
        await resellers.add_reseller(work, login=OTHER, password=f"{OTHER}-password")
    person = ConsolePerson(gateway)
    assert (await person.sign_in(OTHER, f"{OTHER}-password")).status == 303
    return person


@pytest.mark.parametrize("route", named(lambda each: not each.who.everybody))
async def test_without_a_session_every_page_asks_to_sign_in_and_changes_nothing(
    gateway: RunningGateway, person: ConsolePerson, route: PageRoute
) -> None:
    before = await everything(gateway)
    for token in (None, "nonsense", "x" * 5000):
        person.cookies = {} if token is None else {"__Host-session": token}
        if route.method == "GET":
            answer = await person.get(path_of(route))
            assert (answer.status, answer.to[:16]) == (303, "/console/sign-in")
        else:
            answer = await person.post(path_of(route), {"a": "b", "csrf": "c"})
            assert answer.status == 401
            assert "<h1>Sign in</h1>" in answer.text
    assert await everything(gateway) == before


@pytest.mark.parametrize("route", named(lambda each: each.method == "POST"))
async def test_no_form_is_taken_from_another_site_or_session(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    route: PageRoute,
) -> None:
    before = await everything(gateway)
    for person, stranger in ((reseller, operator), (operator, reseller)):
        theirs = (await stranger.get("/console/settings")).hidden("zone")
        own = (await person.get("/console/settings")).hidden("zone")
        path = path_of(route)
        for fields, headers in (
            (own, {"Origin": "https://evil.example"}),
            (own, {"Origin": "null"}),
            (own, {"Sec-Fetch-Site": "cross-site"}),
            (own, {"Sec-Fetch-Site": "same-site"}),
            *([] if route.who.everybody else [(theirs, {}), ({}, {})]),
            *([] if route.who.everybody else [({**own, "csrf": each}, {}) for each in ("", "é")]),
        ):
            answer = await person.post(path, fields, **headers)
            assert answer.status == 403, (fields, headers)
            assert "did not come from a page of your session" in answer.text
    assert await everything(gateway) == before


@pytest.mark.parametrize("route", named(lambda each: each.method == "GET"))
async def test_nothing_is_changed_by_looking_at_a_page(
    gateway: RunningGateway, reseller: ConsolePerson, operator: ConsolePerson, route: PageRoute
) -> None:
    path = await path_of_own(gateway, route)
    before = await everything(gateway)
    for person in (reseller, operator):
        answer = await person.get(path)
        assert answer.status in (200, 303, 403, 404)
    assert await everything(gateway) == before


@pytest.mark.parametrize("route", named(lambda each: "{" in each.path))
async def test_another_resellers_thing_is_not_found(
    gateway: RunningGateway, reseller: ConsolePerson, other: ConsolePerson, route: PageRoute
) -> None:
    parts = {name: await made(gateway, name) for name in _IN_BRACES.findall(route.path)}
    before = await everything(gateway)
    if route.method == "GET":
        answer = await reseller.get(path_of(route, **parts))
    else:
        fields = (await reseller.get("/console/settings")).hidden("zone")
        answer = await reseller.post(path_of(route, **parts), fields)
    # A form with fields of its own is refused for what is missing; then it has changed nothing.
    assert answer.status == 404 or (answer.status == 422 and route.method == "POST")
    assert await everything(gateway) == before


@pytest.mark.parametrize("route", named(lambda each: not each.who.everybody))
async def test_only_those_are_let_in_whom_the_route_names(
    gateway: RunningGateway, people: Callable[[], ConsolePerson], route: PageRoute
) -> None:
    path = path_of(route)
    if route.method == "GET":
        path = await path_of_own(gateway, route)
    for role in (*(each for each in Role if each is not Role.ADMIN), Role.ADMIN):
        await gateway.pool.execute("UPDATE operation.operator SET role = $1", str(role))
        person = people()
        await person.sign_in(demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)
        assert await refusal(person, route, path) in outcomes(route, role)
    person = people()
    await person.sign_in()
    assert await refusal(person, route, path) in outcomes(route, None)
    await gateway.pool.execute("UPDATE reseller.account SET status = 'suspended'")
    try:
        await person.sign_in()
        suspended = 403 if route.who.resellers and not route.who.suspended_too else None
        assert await refusal(person, route, path) in (
            {suspended} if suspended else outcomes(route, None)
        )
    finally:
        await gateway.pool.execute("UPDATE reseller.account SET status = 'active'")


async def refusal(person: ConsolePerson, route: PageRoute, path: str) -> int | None:
    """403 or 404 when a person is kept out; None = let in, whatever comes of it."""
    if route.method == "GET":
        answer = await person.get(path)
    else:
        # Without the form's key nothing is carried out, and that is found out last.
        fields = (await person.get("/console/settings")).hidden("zone")
        answer = await person.post(path, {"csrf": fields["csrf"]})
    kept_out = ("There is no such thing", "does not allow this", "account is suspended")
    return answer.status if any(each in answer.text for each in kept_out) else None


def outcomes(route: PageRoute, role: Role | None) -> set[int | None]:
    """What is expected; a file that is not there yet is not found by those let in too."""
    wanted = expected(route.who, role)
    return {wanted, 404} if wanted is None and route.path.endswith(".pem") else {wanted}


def expected(who: Access, role: Role | None) -> int | None:
    """What the declaration of a route means; None = let in."""
    if who.half_open:  # the second step was done before: they are sent on
        return None
    if role is None:
        return None if who.resellers else 404
    if who.any_operator:
        return None
    if who.permission is None:
        return 404
    return None if may(role, who.permission) else 403


async def test_every_answer_has_the_headers_that_keep_pages_safe(
    gateway: RunningGateway, reseller: ConsolePerson, person: ConsolePerson
) -> None:
    answers = [
        await person.get("/console/sign-in"),
        await person.get("/console/nowhere"),
        await person.get("/console/settings"),
        await person.post("/console/settings/zone", {}),
        await reseller.get("/console/settings"),
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["Cache-Control"] == "no-store"
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for directive in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert directive in policy


async def test_static_files_are_kept_for_good_under_a_hash_of_their_content(
    person: ConsolePerson,
) -> None:
    page = await person.get("/console/sign-in")
    paths = re.findall(r'"(/console/static/[^"]+)"', page.text)
    assert len(paths) == 5
    for path in paths:
        answer = await person.get(path)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        tag = answer.headers["ETag"]
        again = await person.get(path, **{"If-None-Match": tag})
        assert (again.status, again.text) == (304, "")
        assert (await person.get(path.replace("static/", "static/0000"))).status == 404
    assert (await person.get(re.sub("[0-9a-f]{16}", "0" * 16, paths[0]))).status == 404


@pytest.mark.parametrize("route", named(lambda each: each.method == "GET"))
async def test_a_page_costs_few_statements(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    operator: ConsolePerson,
    asked: list[str],
    route: PageRoute,
) -> None:
    path = await path_of_own(gateway, route)
    for person in (reseller, operator):
        asked.clear()
        answer = await person.get(path)
        assert answer.status in (200, 303, 403, 404)
        assert (not route.who.everybody) <= len(asked) <= MOST_STATEMENTS, asked


def forms_of_pages() -> Iterator[tuple[str, list[PageForm]]]:
    for name in PAGES:
        module = import_module(f"gateway.doors.console.pages.{name}")
        yield name, [each for each in vars(module).values() if isinstance(each, PageForm)]


def test_names_of_forms_are_their_own_and_passwords_are_known_by_name() -> None:
    for name, forms in forms_of_pages():
        assert len({each.name for each in forms}) == len(forms), name
        for form in forms:
            for field in form.fields:
                assert (field.control == "password") == field.name.endswith("password"), field


def test_every_permission_is_somebodys() -> None:
    assert {each for each in Permission if may(Role.ADMIN, each)} == set(Permission)


def test_a_file_is_the_last_field_of_its_form() -> None:
    """What stands behind it could not be checked before it."""
    files = 0
    for name, forms in forms_of_pages():
        for form in forms:
            places = [n for n, each in enumerate(form.fields) if each.control == "file"]
            assert places in ([], [len(form.fields) - 1]), (name, form.name)
            files += len(places)
    assert files
