"""What holds for every route of the console; the routes are read from the door itself."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module

import pytest

from gateway.doors.console.access import Access
from gateway.doors.console.door import HEADERS
from gateway.doors.console.forms import PageForm
from gateway.doors.console.pages import PAGES
from gateway.doors.console.routes import PageRoute
from gateway.origin import Origin
from gateway.rules.operation.roles import Permission, Role, may
from gateway.sandbox import demo_data
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.integration.console.objects import IN_BRACES, OTHER, made, named, path_of, path_of_own
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.kept import KeptDatabases
from tests.support.postgres import FURNISHED
from tests.support.server_process import until


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
    parts = {name: await made(gateway, name) for name in IN_BRACES.findall(route.path)}
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
