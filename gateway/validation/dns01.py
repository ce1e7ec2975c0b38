"""dns-01: a digest of the key authorization in a TXT record (RFC 8555 §8.4)."""

from gateway.rules.acme.key_authorization import txt_value
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.method import Claim, Evidence, Network, ValidationFailed, unknown

_SHOWN_RECORDS = 3
_SHOWN_CHARACTERS = 64


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks that a TXT record of _acme-challenge.<name> is the digest; raises ValidationFailed.

    A wildcard is proven at its base: `*.example.com` too is looked up at
    _acme-challenge.example.com, where both digests stand side by side.
    """
    return await check_at(f"_acme-challenge.{claim.name}", claim, resolver)


async def check_at(owner: str, claim: Claim, resolver: Resolver) -> Evidence:
    """Checks that a TXT record of `owner` is the digest; raises ValidationFailed."""
    try:
        records = await resolver.txt(owner)
    except LookupFailed as error:
        raise unknown(error) from error
    if txt_value(claim.key_authorization) in records:
        return {"record": owner}
    if not records:
        raise ValidationFailed("unauthorized", f"{owner} has no TXT record.")
    raise ValidationFailed(
        "incorrectResponse",
        f"None of the TXT records of {owner} is the expected digest of the key authorization; "
        f"found {_shown(records)}.",
    )


def _shown(records: list[str]) -> str:
    shown = ", ".join(ascii(record[:_SHOWN_CHARACTERS]) for record in records[:_SHOWN_RECORDS])
    more = len(records) - _SHOWN_RECORDS
    return f"{shown} and {more} more" if more > 0 else shown
