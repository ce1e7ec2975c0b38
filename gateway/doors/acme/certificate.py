"""Certificate download (RFC 8555 §7.4.2)."""

import re
from base64 import b64encode
from functools import lru_cache
from uuid import UUID

from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.problem import malformed
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.signed_request import AcmeCall
from gateway.usecases.acme import orders

_LINE = 64
_NUMBER = re.compile("[0-9]{1,3}")


async def certificate(door: AcmeDoor, call: AcmeCall, order_id: UUID) -> Reply:
    """Answers with the leaf and a chain, PEM, and links to the other chains."""
    call.require_read()
    wanted = call.query.get("chain", "0")
    if not _NUMBER.fullmatch(wanted):
        raise malformed("There is no such chain.", 404)
    number = int(wanted)
    found = await orders.download(door.services.pool, call.take_ticket(), order_id, number)
    body = _pem(found.leaf) + b"".join(_chain_pem(der) for der in found.chain)
    urls = call.urls
    links = [
        (urls.certificate(order_id, other), "alternate")
        for other in range(found.alternates + 1)
        if other != number
    ]
    return Reply(body, content_type="application/pem-certificate-chain", links=links)


def _pem(der: bytes) -> bytes:
    text = b64encode(der)
    lines = b"\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"


_chain_pem = lru_cache(maxsize=32)(_pem)
