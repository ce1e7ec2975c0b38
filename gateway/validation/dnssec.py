"""Do the configured resolvers validate DNSSEC?

The gateway believes them: whoever forges an answer to a resolver that does not validate gets a
certificate. A validating one marks records of signed zones as authentic (RFC 4035 §3.2.3), and
gives out none whose signatures are wrong.
"""

import asyncio
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
from dns.rdatatype import RdataType

_UDP_PAYLOAD = 1232  # bytes


async def objection(
    nameservers: Sequence[tuple[str, int]], signed: str, bogus: str, seconds: float
) -> str:
    """Why these resolvers are not to be relied on; empty = all that answer validate.

    `signed` is a zone with good signatures, `bogus` a name whose signatures are wrong; each
    question is given up after `seconds`.
    """
    found = await asyncio.gather(
        *(_objection(host, port, signed, bogus, seconds) for host, port in nameservers)
    )
    complaints = [each for each in found if each]
    answered = [each for each in found if each is not None]
    if answered:
        return " ".join(complaints)
    return f"No resolver answered within {seconds:g} seconds."


async def _objection(host: str, port: int, signed: str, bogus: str, seconds: float) -> str | None:
    """None = the resolver does not answer, and so misleads nobody."""
    resolver = f"The resolver {host}:{port}"
    good, bad = await asyncio.gather(
        _ask(host, port, signed, RdataType.SOA, seconds),
        _ask(host, port, bogus, RdataType.A, seconds),
    )
    if good is None:
        return None
    if good.rcode() != dns.rcode.NOERROR:
        code = dns.rcode.to_text(good.rcode())
        return f"{resolver} answers {code} when asked for the signed zone {signed}."
    if not good.flags & dns.flags.AD:
        return f"{resolver} does not validate DNSSEC: it vouches for no records of {signed}."
    if bad is not None and bad.answer:
        return f"{resolver} does not validate DNSSEC: it gives out the bogus records of {bogus}."
    return ""


async def _ask(
    host: str, port: int, name: str, record: RdataType, seconds: float
) -> dns.message.Message | None:
    query = dns.message.make_query(name, record, use_edns=0, payload=_UDP_PAYLOAD, want_dnssec=True)
    query.flags |= dns.flags.AD
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, host, seconds, port, ignore_unexpected=True, ignore_errors=True
            )
    except (TimeoutError, dns.exception.DNSException, OSError, EOFError):
        return None
    return answer
