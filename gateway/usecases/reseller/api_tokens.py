"""Tokens of the SSL certificate API (header X-Auth-Token)."""

import hmac
from hashlib import sha256

from gateway import ids
from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.errors.request import TokenRefused
from gateway.store.operation.audit import Change
from gateway.store.reseller import api_tokens, resellers
from gateway.store.reseller.api_tokens import TokenState
from gateway.usecases.work import Work

_NO_HASH = bytes(32)


async def new_token(work: Work, login: str, *, replace: bool = False) -> str:
    """Makes a token of a reseller, shown only now; with `replace` all earlier ones are revoked."""
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    ended = await api_tokens.revoke_all(work.connection, reseller.id, work.now) if replace else 0
    token_id, secret = ids.new_token_id(), ids.new_token_secret()
    await api_tokens.add(work.connection, token_id, reseller.id, _hash(secret), work.now)
    after = {"token": token_id, "earlierOnesEnded": ended}
    await work.record(Change("token.made", login, None, after))
    return f"{token_id}.{secret}"


async def log_in(connection: Connection, token: str, address: str | None) -> TokenState:
    """Gives the reseller whose token it is; the caller looks at its status.

    Raises TokenRefused, never saying why. An unknown token costs the same comparison.
    """
    token_id, _, secret = token.partition(".")
    found = await api_tokens.find(connection, token_id, address)
    fits = hmac.compare_digest(_hash(secret), found.secret_hash if found else _NO_HASH)
    if found is None:
        raise TokenRefused("There is no such token, or it was ended.")
    if not fits:
        raise TokenRefused("The secret part of the token is wrong.", found.login)
    if not found.address_allowed:
        raise TokenRefused("The address is not allowed.", found.login)
    return found


def _hash(secret: str) -> bytes:
    return sha256(secret.encode(errors="replace")).digest()
