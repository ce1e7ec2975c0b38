"""RSA keys that look fine and are not."""

import math
import secrets
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ca.rsa_strength import unsound_because
from tests.support.csrs import key


def is_prime(number: int) -> bool:
    """Fermat's test with a few bases; good enough for random numbers."""
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def random_prime(bits: int) -> int:
    while True:
        number = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if is_prime(number):
            return number


def next_prime(number: int) -> int:
    number += 2
    while not is_prime(number):
        number += 2
    return number


def roca_prime() -> int:
    """As the faulty library made them: k * M + (65537 ** a mod M) (CVE-2017-15361)."""
    product = math.prod(n for n in range(2, 702) if all(n % divisor for divisor in range(2, n)))
    while True:
        number = secrets.randbits(1024) // product * product
        number += pow(65537, secrets.randbits(62), product)
        if number >> 1022 == 3 and is_prime(number):
            return number


def sound_modulus(bits: int = 2048) -> int:
    modulus: int = key(f"RSA-{bits}").public_key().public_numbers().n
    return modulus


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_ordinary_keys_are_sound(bits: int) -> None:
    assert unsound_because(sound_modulus(bits), 65537) == ""


@pytest.mark.parametrize("bits", [512, 1024, 2040, 2047, 2049, 8200])
def test_the_size_is_2048_to_8192_bits_in_bytes(bits: int) -> None:
    assert unsound_because(1 << (bits - 1) | 1, 65537).startswith(f"The RSA key has {bits} bits")


@pytest.mark.parametrize("exponent", [0, 1, 3, 17, 65535, 65536, 65539, 2**64 - 1, 2**256 - 1])
def test_the_exponent_is_65537(exponent: int) -> None:
    """Larger ones are sound too, but make whoever verifies work."""
    assert "exponent" in unsound_because(sound_modulus(), exponent)


@given(st.sampled_from([2, 3, 5, 7, 11, 691, 743, 751]))
def test_a_small_factor_is_found(factor: int) -> None:
    modulus = (1 << 2047 | secrets.randbits(2040)) // factor * factor
    assert "small factor" in unsound_because(modulus, 65537)


def test_keys_of_the_faulty_library_are_found() -> None:
    assert "ROCA" in unsound_because(roca_prime() * roca_prime(), 65537)


def _neighbours() -> tuple[int, int]:
    first = random_prime(1024)
    return first, next_prime(first)


def _same() -> tuple[int, int]:
    first = random_prime(1024)
    return first, first


def _within_rounds() -> tuple[int, int]:
    """Found only in a later round: the distance grows with the square root of the rounds."""
    first = random_prime(1024)
    return first, next_prime(first + (1 << 516))


@pytest.mark.parametrize("pair", [_same, _neighbours, _within_rounds])
def test_close_factors_are_found(pair: Callable[[], tuple[int, int]]) -> None:
    first, second = pair()
    assert "close together" in unsound_because(first * second, 65537)


def test_far_factors_are_not() -> None:
    first = random_prime(1024)
    assert unsound_because(first * next_prime(first - (1 << 1000)), 65537) == ""
