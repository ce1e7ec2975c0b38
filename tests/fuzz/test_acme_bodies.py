"""Signed requests damaged at every depth (20 000 in full): no server error, and bounded work."""

import json
from random import Random

import pytest

from tests.support.amount import share_of
from tests.support.extreme_values import FRAGMENTS
from tests.support.signed_kinds import Kind, SigningClient
from tests.support.spoiling import spoilt_bytes, spoilt_json

_SEEDS = range(8)
_EACH = share_of(2_500)


@pytest.mark.parametrize("seed", _SEEDS)
async def test_a_damaged_jws_is_never_a_servers_error(sender: SigningClient, seed: int) -> None:
    random = Random(seed)
    kinds = list(sender.kinds.items())
    for number in range(_EACH):
        name, kind = random.choice(kinds)
        body = _damaged(random, sender, kind)
        await sender.send(kind, body, f"number {number} of seed {seed}, {name}")
    sender.watched.assert_nothing_found()


def _damaged(random: Random, sender: SigningClient, kind: Kind) -> bytes:
    """In the payload, the header, the JWS or its bytes; only then is the signature wrong."""
    payload = kind.wrap(json.dumps(kind.document))
    match random.randrange(6):
        case 0 | 1:
            return _text(sender.sealed(kind, kind.wrap(spoilt_json(random, kind.document))))
        case 2:
            return _text(sender.sealed(kind, payload, spoilt_json(random, sender.header(kind))))
        case 3:
            return spoilt_json(random, sender.sealed(kind, payload)).encode("utf-8", "replace")
        case 4:
            return spoilt_bytes(random, _text(sender.sealed(kind, payload)))
        case _:
            return random.choice(FRAGMENTS).encode("utf-8", "replace")


def _text(sealed: dict[str, str]) -> bytes:
    return json.dumps(sealed).encode()
