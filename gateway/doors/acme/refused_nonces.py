"""Remembers nonces of requests that were refused before they were verified (RFC 8555 §6.5).

A nonce is burnt in the database only for a request with a good signature: a stranger's request must
not cost a write. So that strangers cannot repeat the verification without end, a nonce is good for
one verification in each process.

Nobody can spoil the nonce of another client: only the client that fetched it over TLS knows it, and
it cannot be guessed or made. A client that fills the memory with its own nonces only displaces
other refused ones, which are then verified, and refused, once more.
"""

from collections import OrderedDict

from gateway.doors.acme.nonce import Nonce

CAPACITY = 10_000


class RefusedNonces:
    """The newest refused nonces, at most CAPACITY, each until it is too old to be accepted."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._too_old_after: OrderedDict[bytes, int] = OrderedDict()

    def __contains__(self, nonce: Nonce) -> bool:
        return nonce.value in self._too_old_after

    def __len__(self) -> int:
        return len(self._too_old_after)

    def add(self, nonce: Nonce, real_time: float) -> None:
        """Adds a nonce; drops those too many, and those that NonceMint would not open any more."""
        self._too_old_after[nonce.value] = nonce.too_old_after
        while len(self._too_old_after) > self._capacity or self._oldest_ends() < real_time:
            self._too_old_after.popitem(last=False)

    def _oldest_ends(self) -> float:
        return next(iter(self._too_old_after.values()), float("inf"))
