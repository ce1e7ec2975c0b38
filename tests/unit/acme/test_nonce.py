"""Nonces: authentic, dated, of one epoch, by any of the configured keys (RFC 8555 §6.5)."""

import secrets

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.acme.nonce import NonceMint
from gateway.store.acme.nonces import LIFETIME_SECONDS, oldest_alive

KEY, OTHER = secrets.token_bytes(32), secrets.token_bytes(32)


def test_what_was_minted_opens_with_its_epoch() -> None:
    mint = NonceMint([KEY])
    nonce = mint.open(mint.mint(7))
    assert nonce is not None
    assert nonce.epoch == 7


def test_after_a_key_rotation_old_nonces_still_open() -> None:
    old = NonceMint([KEY]).mint(1)
    assert NonceMint([OTHER, KEY]).open(old) is not None
    assert NonceMint([OTHER]).open(old) is None


@given(st.text(max_size=64) | st.binary(min_size=36, max_size=36).map(lambda raw: raw.hex()[:48]))
def test_nothing_else_opens(text: str) -> None:
    assert NonceMint([KEY]).open(text) is None


@given(st.integers(0, 47), st.sampled_from("Aa0-"))
def test_a_changed_character_is_noticed(position: int, character: str) -> None:
    mint = NonceMint([KEY])
    text = mint.mint(1)
    changed = text[:position] + character + text[position + 1 :]
    assert changed == text or mint.open(changed) is None


@pytest.mark.parametrize(
    ("age", "opens"), [(LIFETIME_SECONDS - 5, True), (LIFETIME_SECONDS + 5, False)]
)
def test_a_nonce_grows_stale(age: int, opens: bool) -> None:
    mint = NonceMint([KEY])
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as traveller:
        text = mint.mint(1)
        traveller.shift(age)
        assert (mint.open(text) is not None) is opens


def test_only_values_that_are_refused_for_age_are_old_enough_to_be_forgotten() -> None:
    mint = NonceMint([KEY])
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as traveller:
        burnt = mint.open(mint.mint(1))
        assert burnt is not None
        assert burnt.value > oldest_alive()
        traveller.shift(LIFETIME_SECONDS + 121)
        assert burnt.value < oldest_alive()
