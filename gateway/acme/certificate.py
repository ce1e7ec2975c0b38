"""Certificate download (RFC 8555 §7.4.2)."""

from base64 import b64encode
from functools import lru_cache
from uuid import UUID

from gateway.acme.door import Door
from gateway.acme.reply import Reply
from gateway.acme.signed_request import Call
from gateway.usecases import orders

_LINE = 64


async def certificate(door: Door, call: Call, order_id: UUID) -> Reply:
    """The leaf and its chain, PEM."""
    call.require_read()
    found = await orders.download(door.services.pool, call.take_ticket(), order_id)
    chain = _pem(found.leaf) + b"".join(_chain_pem(der) for der in (found.issuer, *found.chain))
    return Reply(chain, content_type="application/pem-certificate-chain")


def _pem(der: bytes) -> bytes:
    text = b64encode(der)
    lines = b"\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"


_chain_pem = lru_cache(maxsize=32)(_pem)
