"""keyChange (RFC 8555 §7.3.5)."""

from typing import Any

from gateway.doors.acme import jws, payload
from gateway.doors.acme.account import account_reply
from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.jwk import (
    ALGORITHMS,
    AccountKey,
    read_jwk,
    require_limits,
    require_strength,
)
from gateway.doors.acme.jws import Jws
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.problem import Problem, malformed
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.signed_request import AcmeCall
from gateway.errors.acme import KeyInUse
from gateway.usecases.acme import registration


class KeyChange(Payload, rename="camel"):
    """The payload of the inner JWS."""

    account: str
    old_key: dict[str, Any]


async def key_change(door: AcmeDoor, call: AcmeCall) -> Reply:
    """Changes the account's key: the old key signs the outer JWS, the new key the inner one."""
    inner = jws.parse(call.payload)
    new_key = _new_key(inner, call.url)
    _check_claim(inner, call)
    try:
        if new_key.thumbprint == call.key.thumbprint:
            raise KeyInUse(call.account_id or "")
        changed = await registration.change_key(
            door.services,
            call.take_ticket(),
            new_key.jwk,
            new_key.thumbprint,
            call.client.address,
        )
    except KeyInUse as in_use:
        raise Problem(
            "malformed",
            "The new key is the key of an account already.",
            409,
            headers={"Location": call.urls.account(in_use.account_id)},
        ) from in_use
    door.keys.forget(changed.id)
    return account_reply(call.urls, changed)


def _new_key(inner: Jws, url: str) -> AccountKey:
    header = inner.header
    if header.jwk is None or header.kid is not None:
        raise malformed('The inner JWS must have the new key as "jwk" and no "kid".')
    if header.nonce is not None:
        raise malformed('The inner JWS must not have a "nonce".')
    if header.url != url:
        raise malformed('The "url" of the inner JWS must be the one of the outer.')
    if header.alg not in ALGORITHMS:
        raise jws.bad_algorithm(header.alg, ALGORITHMS)
    key = read_jwk(header.jwk)
    require_limits(key)
    if not jws.verify(inner, key):
        raise malformed("The signature of the inner JWS does not verify with the new key.")
    require_strength(key)
    return key


def _check_claim(inner: Jws, call: AcmeCall) -> None:
    claim = payload.read(KeyChange, inner.payload, "The payload of the inner JWS")
    if call.account_id is None or claim.account != call.urls.account(call.account_id):
        raise malformed('"account" must be the URL of the account that signs the outer JWS.')
    if read_jwk(claim.old_key).thumbprint != call.key.thumbprint:
        raise malformed('"oldKey" is not the key of the account.')
