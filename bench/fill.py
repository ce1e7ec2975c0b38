"""Fills a database as years of business do."""

from dataclasses import dataclass
from pathlib import Path

from gateway.db.pool import Connection

_SCRIPT = Path(__file__).with_name("fill.sql")
_LISTS = Path(__file__).with_name("fill_lists.sql")
_SECONDS = 3600.0


@dataclass(frozen=True)
class Amounts:
    """Names and certificates are spread evenly over the accounts, each with its credential."""

    accounts: int
    names: int
    certificates: int
    revocations: int


async def fill(
    connection: Connection, reseller_login: str, amounts: Amounts, *, lists: bool = False
) -> None:
    """Fills a database, once, with rows of a reseller that exists; ends with ANALYZE.

    With `lists` the console's other lists are filled too, in proportion to the names.
    """
    async with connection.transaction():
        await connection.execute(
            """
            CREATE TEMPORARY TABLE filling (
                login        text,
                accounts     integer,
                names        integer,
                certificates integer,
                revocations  integer
            ) ON COMMIT DROP
            """
        )
        await connection.execute(
            "INSERT INTO filling VALUES ($1, $2, $3, $4, $5)",
            reseller_login,
            amounts.accounts,
            amounts.names,
            amounts.certificates,
            amounts.revocations,
        )
        await connection.execute(_SCRIPT.read_text(), timeout=_SECONDS)
        if lists:
            await connection.execute(_LISTS.read_text(), timeout=_SECONDS)
    await connection.execute("ANALYZE", timeout=_SECONDS)
