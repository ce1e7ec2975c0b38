"""`make bench-pages`: what the console's lists cost with 2 000 000 names, against none.

One server all the time. Each page is asked for over one kept connection, in turns, on an empty
database and then on one that `bench.fill` has filled; all names are those of one reseller. Prints a
table and a line of JSON; ends with 1 when a list is over its bounds.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench import servers
from bench.connection import Connection
from bench.database import Database, durable_database, furnish
from bench.fill import Amounts, fill
from bench.measure import percentile
from gateway.ca.local.issuer import LocalCa
from gateway.db.pool import open_pool
from gateway.sandbox import demo_data

MOST_TIMES = 3.0
"""The largest ratio of a list's p99, filled to empty."""
MOST_STATEMENTS = 6
_WARM_UP = 4
_SEARCHES = 10
"""How often what may take seconds is asked for."""
_FORM = "application/x-www-form-urlencoded"
_LOGINS = {
    "reseller": (demo_data.LOGIN, demo_data.PASSWORD),
    "operator": (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD),
}


@dataclass(frozen=True)
class Page:
    """A page of the console and who looks at it.

    Of a search, or an order by what no index has, only the statements are bounded.
    """

    who: str
    path: str
    search: bool = False


LISTS = (
    Page("reseller", "orders?orders="),
    Page("reseller", "orders?orders=&sort=cost"),
    Page("reseller", "orders?orders=&page=100"),
    Page("reseller", "certificates"),
    Page("reseller", "certificates/my-orders"),
    Page("reseller", "subscriptions"),
    Page("reseller", "subscriptions?page=100"),
    Page("reseller", "subscriptions/refusals"),
    Page("reseller", "statement"),
    Page("reseller", "statement/due"),
    Page("reseller", "organizations"),
    Page("reseller", "sitelock"),
    Page("reseller", "sitelock?sort=domain"),
    Page("reseller", "notices"),
    Page("operator", "queues"),
    Page("operator", "resellers"),
    Page("operator", "audit"),
    Page("operator", "audit?actor=operator%3Afilled"),
    Page("operator", "audit?action=issuance.refused"),
    Page("operator", "prices"),
    Page("operator", "jobs"),
    Page("operator", "destinations"),
    Page("operator", "issuers"),
    Page("operator", "health"),
    Page("operator", "operators"),
    Page("operator", "find?q=n77.filled.example"),
    Page("operator", "find?q=n77"),
    Page("reseller", "subscriptions?sort=-active", search=True),
    Page("reseller", "statement?sort=amount", search=True),
    Page("reseller", "organizations?sort=expires", search=True),
    Page("reseller", "orders?orders=&name=n77.filled", search=True),
    Page("reseller", "orders?orders=&name=filled", search=True),
    Page("reseller", "orders?orders=&status=Expired", search=True),
    Page("reseller", "orders?orders=&product=sitelock", search=True),
    Page("reseller", "subscriptions?name=n77.filled", search=True),
    Page("reseller", "subscriptions?name=filled", search=True),
    Page("reseller", "subscriptions?status=grace", search=True),
    Page("reseller", "subscriptions/refusals?name=r77", search=True),
    Page("reseller", "sitelock?state=expired", search=True),
)


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a page, sorted, and its statements."""

    milliseconds: Sequence[float]
    statements: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--names", type=int, default=2_000_000)
    parser.add_argument("--certificates", type=int, default=200_000)
    parser.add_argument("--revocations", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=200, help="requests for each list")
    given = parser.parse_args()
    amounts = Amounts(given.accounts, given.names, given.certificates, given.revocations)
    secret = servers.new_secret()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as made,
        durable_database() as database,
        servers.world("127.0.0.1", 0) as world,
    ):
        asyncio.run(furnish(database.dsn))
        ca = LocalCa.create_or_load(
            Path(made, "ca"), datetime.now(UTC), base_url="http://127.0.0.1"
        )
        place = Path(made, "gateway")
        with servers.gateway(place, ca, secret, database.dsn, 1, world) as server:
            base = server.directory.removesuffix(servers.DIRECTORY_PATH) + "/console/"
            empty = asyncio.run(_measure(base, database, given.times))
            asyncio.run(_fill(database.dsn, amounts))
            filled = asyncio.run(_measure(base, database, given.times))
    sys.exit(_report(empty, filled))


async def _measure(base: str, database: Database, times: int) -> dict[Page, Cost]:
    """Asks for all pages in turns, so that what else the machine does meets all of them."""
    connection = await Connection.open(base)
    cookies = {who: await _sign_in(connection, base, who) for who in _LOGINS}
    taken: dict[Page, list[float]] = {page: [] for page in LISTS}
    for turn in range(_WARM_UP + times):
        for page in LISTS:
            if page.search and turn >= _WARM_UP + _SEARCHES:
                continue
            begun = time.perf_counter()
            await _ask(connection, base, page, cookies)
            if turn >= _WARM_UP:
                taken[page].append(1000 * (time.perf_counter() - begun))
    await _log_statements(database.dsn, "all")
    statements = {
        page: [await _counted(connection, base, page, cookies, database.log) for _ in range(3)]
        for page in LISTS
    }
    await _log_statements(database.dsn, "none")
    connection.close()
    # Background work of the process may come in between: the fewest are those of the page.
    return {page: Cost(sorted(taken[page]), min(statements[page])) for page in LISTS}


async def _sign_in(connection: Connection, base: str, who: str) -> str:
    login, password = _LOGINS[who]
    body = urlencode({"login": login, "password": password}).encode()
    answer = await connection.send("POST", f"{base}sign-in", body, _FORM)
    assert answer.status == 303, answer
    return answer.headers["set-cookie"].partition(";")[0]


async def _ask(connection: Connection, base: str, page: Page, cookies: dict[str, str]) -> None:
    answer = await connection.send("GET", base + page.path, cookie=cookies[page.who])
    if answer.status != 200:
        raise RuntimeError(f"{page.path}: {answer.status} {answer.body[-2000:].decode()}")


async def _counted(
    connection: Connection, base: str, page: Page, cookies: dict[str, str], log: Path
) -> int:
    """Asks for a page; gives the statements that its database connection logged meanwhile."""
    before = len(_logged(log))
    await _ask(connection, base, page, cookies)
    asked = [_BACKEND.search(each) for each in _logged(log)[before:] if _EXECUTED in each]
    backends = [each[1] for each in asked if each is not None and _OF_A_PAGE in each.string]
    return sum(each is not None and each[1] in backends for each in asked)


def _logged(log: Path) -> Sequence[bytes]:
    """What PostgreSQL logged, a statement each."""
    return _BEGINS.split(log.read_bytes())


_BEGINS = re.compile(rb"\n(?=[0-9]{4}-[0-9]{2}-[0-9]{2} )")
_BACKEND = re.compile(rb"\[([0-9]+)\]")
_EXECUTED = b"LOG:  execute "
_OF_A_PAGE = b"operation.session"
"""In the first statement of every page: background work has other connections."""


async def _log_statements(dsn: str, which: str) -> None:
    pool = await open_pool(dsn)
    await pool.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await pool.execute("SELECT pg_reload_conf()")
    await pool.close()
    await asyncio.sleep(1)  # the connections of the gateway read it when they are next used


async def _fill(dsn: str, amounts: Amounts) -> None:
    pool = await open_pool(dsn)
    async with pool.acquire() as connection:
        await fill(connection, demo_data.LOGIN, amounts, lists=True)
        # What autovacuum would be at for a while after so much at once.
        await connection.execute("VACUUM", timeout=3600)
        await connection.execute("CHECKPOINT", timeout=3600)
    await pool.close()


def _report(empty: dict[Page, Cost], filled: dict[Page, Cost]) -> int:
    """Prints all pages; gives 1 when a list is over its bounds."""
    over = False
    print(f"\n{'':52}{'empty':>14}{'filled, ms':>14}{'ratio':>8}{'':6}statements")
    print(f"{'':52}{'p50':>7}{'p99':>7}{'p50':>7}{'p99':>7}{'p99':>8}")
    for page in LISTS:
        before, after = empty[page], filled[page]
        columns = [
            percentile(each.milliseconds, share)
            for each in (before, after)
            for share in (0.5, 0.99)
        ]
        ratio = columns[3] / columns[1]
        wrong = after.statements > MOST_STATEMENTS or (ratio > MOST_TIMES and not page.search)
        over = over or wrong
        figures = "".join(f"{each:>7.1f}" for each in columns)
        name = f"{page.who} {page.path}"
        print(f"{name:<52}{figures}{ratio:>8.2f}{after.statements:>8}{'  OVER' if wrong else ''}")
    print(json.dumps({each.path: _figures(empty[each], filled[each]) for each in LISTS}))
    return int(over)


def _figures(empty: Cost, filled: Cost) -> dict[str, float]:
    p99 = [percentile(each.milliseconds, 0.99) for each in (empty, filled)]
    return {
        "empty_p50_ms": round(percentile(empty.milliseconds, 0.5), 1),
        "empty_p99_ms": round(p99[0], 1),
        "filled_p50_ms": round(percentile(filled.milliseconds, 0.5), 1),
        "filled_p99_ms": round(p99[1], 1),
        "ratio": round(p99[1] / p99[0], 2),
        "statements": filled.statements,
    }


if __name__ == "__main__":
    main()
