"""http-01: the key authorization under a well-known URL (RFC 8555 §8.3)."""

import asyncio

from gateway.validation import target
from gateway.validation.dns import Resolver
from gateway.validation.http_response import LONGEST_BODY, Response
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from gateway.validation.visit import Visit

_TRAILING_WHITESPACE = b" \t\r\n"
_SHOWN_BYTES = 64


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """The URL's body is the key authorization, white space at its end aside.

    Raises ValidationFailed, which names the address that was asked and what went wrong there.
    """
    visit = Visit(resolver, network)
    first = target.plain(claim.name, f"/.well-known/acme-challenge/{claim.token}")
    try:
        async with asyncio.timeout(network.timeout):
            response = await visit.follow(first)
    except TimeoutError as error:
        raise ValidationFailed(
            "connection",
            f"{visit.step}: not done within {network.timeout:g} seconds.",
            transient=True,
        ) from error
    _compare(response, claim.key_authorization, visit)
    return {"urls": [each.url for each in visit.targets], "address": visit.address}


def _compare(response: Response, expected: str, visit: Visit) -> None:
    if response.status != 200:
        raise ValidationFailed(
            "unauthorized",
            f"{visit.place} answered with status {response.status}; expected 200.",
            transient=response.status >= 500,
        )
    if len(response.body) > LONGEST_BODY:
        raise ValidationFailed(
            "incorrectResponse", f"{visit.place} sent more than {LONGEST_BODY} bytes."
        )
    found = response.body.rstrip(_TRAILING_WHITESPACE)
    if found != expected.encode():
        raise ValidationFailed(
            "incorrectResponse",
            f"{visit.place} sent {found[:_SHOWN_BYTES].decode('latin-1')!a}; "
            f"expected the key authorization {expected!r}.",
        )
