"""Reading a request's body within bounds of size and time."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

MAXIMUM_BYTES = 64 * 1024
MAXIMUM_SECONDS = 30.0


class BodyTooLarge(Exception):
    """More than MAXIMUM_BYTES, announced or sent."""


class BodyTooSlow(Exception):
    """Not complete after MAXIMUM_SECONDS."""


class BodyBroken(Exception):
    """The client went away, or its transfer coding makes no sense."""


async def read_body(request: web.Request) -> bytes:
    """The whole body; raises BodyTooLarge, BodyTooSlow or BodyBroken."""
    if (request.content_length or 0) > MAXIMUM_BYTES:
        raise BodyTooLarge
    content = request.content
    if content.is_eof() and content.total_bytes <= MAXIMUM_BYTES and content.exception() is None:
        return content.read_nowait()  # the usual case: it came with the head
    body = bytearray()
    try:
        async with asyncio.timeout(MAXIMUM_SECONDS):
            async for chunk in content.iter_any():
                body += chunk
                if len(body) > MAXIMUM_BYTES:
                    raise BodyTooLarge
    except TimeoutError:
        raise BodyTooSlow from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise BodyBroken from None
    return bytes(body)
