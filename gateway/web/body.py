"""Reading what a request brings, within bounds of size, number and time."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.web import untrusted
from gateway.web.unserved import BodyBroken, BodyTooLarge, BodyTooSlow
from gateway.web.untrusted import Field, TooManyFields

MAXIMUM_BYTES = 64 * 1024
MAXIMUM_SECONDS = 30.0


async def read_body(request: web.Request, most: int = MAXIMUM_BYTES) -> bytes:
    """Reads a body of at most `most` bytes; raises BodyTooLarge, BodyTooSlow or BodyBroken."""
    if (request.content_length or 0) > most:
        raise BodyTooLarge
    content = request.content
    if content.is_eof() and content.total_bytes <= most and content.exception() is None:
        return content.read_nowait()  # the usual case: it came with the head
    body = bytearray()
    try:
        async with asyncio.timeout(MAXIMUM_SECONDS):
            async for chunk in content.iter_any():
                body += chunk
                if len(body) > most:
                    raise BodyTooLarge
    except TimeoutError:
        raise BodyTooSlow from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise BodyBroken from None
    return bytes(body)


async def read_fields(request: web.Request, most: int = MAXIMUM_BYTES) -> list[Field]:
    """The fields of a form in the body; raises what `read_body` raises."""
    body = await read_body(request, most)
    try:
        return untrusted.parse_fields(body)
    except TooManyFields:
        raise BodyTooLarge from None


def query_of(request: web.Request) -> list[Field]:
    """The fields of the query; raises TooManyFields."""
    return untrusted.parse_fields(_query(request))


def first_in_query(request: web.Request) -> str | None:
    """The name of the query's first field, for doors that take no query; None = no fields."""
    for field in _query(request).split(b"&"):
        if field:
            return untrusted.parse_fields(field)[0].name
    return None


def media_type_of(request: web.Request) -> str:
    """The media type that the request declares for its body; empty = it declares none."""
    return untrusted.media_type(request.headers.get("Content-Type", ""))


def _query(request: web.Request) -> bytes:
    return request.rel_url.raw_query_string.encode("utf-8", "surrogateescape")
