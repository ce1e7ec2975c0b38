"""CSV files that are sent while their rows are read, and that spreadsheets run nothing of."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from gateway.web.door import Exchange

_ROWS_A_WRITE = 200
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_COMMANDS = ("=", "+", "-", "@", "\t", "\r")


async def stream(
    exchange: Exchange, name: str, header: Sequence[str], rows: AsyncIterator[Sequence[object]]
) -> web.StreamResponse:
    """Sends a file of that name; when its rows end in a fault, the connection ends without them."""
    response = web.StreamResponse()
    response.content_type, response.charset = "text/csv", "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return await exchange.stream(response, _pieces(header, rows))


def cell(value: object) -> str:
    """What stands in a cell: text that a spreadsheet would run gets an apostrophe before it."""
    text = "" if value is None else str(value)
    runs = text.startswith(_COMMANDS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


async def _pieces(
    header: Sequence[str], rows: AsyncIterator[Sequence[object]]
) -> AsyncIterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    number = 0
    async for row in rows:
        writer.writerow([cell(value) for value in row])
        number += 1
        if number % _ROWS_A_WRITE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode(errors="replace")
    text.seek(0)
    text.truncate()
    return taken
