"""Nonces of refused requests: remembered, for a while, and never too many."""

import time

from gateway.doors.acme.nonce import Nonce, NonceMint
from gateway.doors.acme.refused_nonces import RefusedNonces
from gateway.store.acme.nonces import LIFETIME_SECONDS


def fresh() -> Nonce:
    mint = NonceMint([bytes(32)])
    nonce = mint.open(mint.mint(1))
    assert nonce is not None
    return nonce


def test_a_refused_nonce_is_known_and_others_are_not() -> None:
    refused, nonce = RefusedNonces(), fresh()
    assert nonce not in refused
    refused.add(nonce, time.time())
    assert nonce in refused
    assert fresh() not in refused


def test_only_so_many_are_kept_and_the_oldest_leave() -> None:
    refused = RefusedNonces(capacity=10)
    nonces = [fresh() for _ in range(25)]
    for nonce in nonces:
        refused.add(nonce, time.time())
        refused.add(nonce, time.time())
    assert len(refused) == 10
    assert [nonce in refused for nonce in nonces] == [False] * 15 + [True] * 10


def test_what_is_too_old_to_be_taken_is_forgotten() -> None:
    refused, now = RefusedNonces(), time.time()
    for _ in range(5):
        refused.add(fresh(), now)
    later = now + LIFETIME_SECONDS + 2
    refused.add(Nonce(int(later).to_bytes(4, "big") + bytes(8), 1), later)
    assert len(refused) == 1
