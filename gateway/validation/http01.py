"""http-01: the key authorization under a well-known URL (RFC 8555 §8.3)."""

from gateway.validation import target
from gateway.validation.dns import Resolver
from gateway.validation.http_response import LONGEST_BODY, TargetResponse
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed
from gateway.validation.visit import Visit

_TRAILING_WHITESPACE = b" \t\r\n"
_SHOWN_BYTES = 64
_SHOWN_BEFORE = 16  # bytes shown before the first one that differs


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks the well-known URL of the claim's token, as `check_at` does."""
    return await check_at(f"/.well-known/acme-challenge/{claim.token}", claim, resolver, network)


async def check_at(path: str, claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks that the body at `path` is the key authorization, but for white space at its end.

    Raises NotChecked, or ValidationFailed, which names the address and what went wrong there.
    """
    visit = Visit(resolver, network)
    response = await visit.follow(target.plain(claim.name, path))
    _compare(response, claim.key_authorization, visit)
    return {"urls": [each.url for each in visit.targets], "address": visit.address}


def _compare(response: TargetResponse, expected: str, visit: Visit) -> None:
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
    found, wanted = response.body.rstrip(_TRAILING_WHITESPACE), expected.encode()
    if found != wanted:
        raise ValidationFailed(
            "incorrectResponse", f"{visit.place} sent {_difference(found, wanted)}."
        )


def _difference(found: bytes, wanted: bytes) -> str:
    """What was found around the first byte that differs, and both lengths."""
    pairs = enumerate(zip(found, wanted, strict=False))
    at = next((at for at, (a, b) in pairs if a != b), min(len(found), len(wanted)))
    start = max(0, at - _SHOWN_BEFORE) if len(found) > _SHOWN_BYTES else 0
    end = start + _SHOWN_BYTES
    shown = ascii(found[start:end].decode("latin-1"))
    before, after = "... " if start else "", " ..." if end < len(found) else ""
    return (
        f"{before}{shown}{after} ({len(found)} bytes); expected the key authorization "
        f"{wanted.decode()!r} ({len(wanted)} bytes). They differ from byte {at + 1} on"
    )
