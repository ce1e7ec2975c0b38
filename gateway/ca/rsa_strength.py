"""Finds RSA keys that can be factored or are unsound (BR §6.1.1.3, §6.1.5, §6.1.6).

Keys of certificates and of accounts follow the same rule with different limits: the gateway uses a
certificate's key once, but a key that signs requests with each request, also of strangers.
"""

from dataclasses import dataclass
from math import gcd, isqrt


@dataclass(frozen=True, slots=True)
class Limits:
    """Allowed sizes of the modulus, in bits."""

    sizes: range


CERTIFIED = Limits(range(2048, 8192 + 1))
"""For keys of certificates, which may sign revocations. 8192 bits verify faster than P-384."""
SIGNING_REQUESTS = Limits(range(2048, 4096 + 1))
_EXPONENT = 65537
"""The only exponent accepted: larger ones, which BR §6.1.6 allows, make verification costlier."""

_FERMAT_ROUNDS = 100
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_GENERATOR = 65537


def unsound_because(modulus: int, exponent: int) -> str:
    """A sentence that says why a public key may not be certified; "" = it may."""
    return outside_limits_because(modulus, exponent, CERTIFIED) or factorable_because(modulus)


def outside_limits_because(modulus: int, exponent: int, limits: Limits) -> str:
    """Why a key is outside the limits; "" = it is within. This check is cheap: make it first."""
    size = modulus.bit_length()
    if size not in limits.sizes or size % 8:
        return f"The RSA key has {size} bits; use 2048, 3072 or 4096."
    if exponent != _EXPONENT:
        return "The exponent of the RSA key is not accepted; use 65537."
    return ""


def factorable_because(modulus: int) -> str:
    """Why others could find the factors of a modulus; "" = no known weakness."""
    if gcd(modulus, _SMALL_PRIMES) != 1:
        return "The modulus of the RSA key has a small factor; make another key."
    if _has_roca_form(modulus):
        return "The RSA key was made by a faulty library (ROCA, CVE-2017-15361); make another key."
    if _has_close_factors(modulus):
        return "The factors of the RSA key lie too close together; make another key."
    return ""


def _has_roca_form(modulus: int) -> bool:
    """Does the modulus look like one of the faulty ROCA library?

    Its primes are powers of 65537 modulo each small prime, and so is their product. About one in
    2**28 sound keys looks the same.
    """
    return all(modulus % prime in powers for prime, powers in _ROCA_RESIDUES.items())


def _has_close_factors(modulus: int) -> bool:
    """Would Fermat's method find the factors within the rounds that BR §6.1.1.3 names?"""
    middle = isqrt(modulus - 1) + 1
    square = middle * middle - modulus
    for _ in range(_FERMAT_ROUNDS):
        if square & 15 in _SQUARES_MODULO_16 and isqrt(square) ** 2 == square:
            return True
        square += 2 * middle + 1
        middle += 1
    return False


def _product_of_small_primes() -> int:
    """The product of all primes below 752, the range that BR §6.1.6 names."""
    product = 1
    for number in range(2, 752):
        if gcd(number, product) == 1:
            product *= number
    return product


_SMALL_PRIMES = _product_of_small_primes()
_SQUARES_MODULO_16 = frozenset({0, 1, 4, 9})
_ROCA_RESIDUES = {
    prime: frozenset(pow(_GENERATOR, power, prime) for power in range(prime - 1))
    for prime in _ROCA_PRIMES
}
