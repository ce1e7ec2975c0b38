"""Nonces of requests that were refused before they were verified (RFC 8555 §6.5).

A nonce is burnt in the database only for who has shown a good signature: a stranger's request must
not cost a write. What a stranger can repeat without end is the verification; a nonce is good for
one of them, in each process.

Nobody can spoil the nonce of somebody else: it is known only to who fetched it, over TLS, and
cannot be guessed or made. Whoever fills the memory with own nonces drops others that were refused,
which are then verified, and refused, once more.
"""

from collections import OrderedDict

from gateway.doors.acme.nonce import Nonce

CAPACITY = 10_000


class RefusedNonces:
    """The newest CAPACITY of a process, each until it is too old to be taken anyway."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._too_old_after: OrderedDict[bytes, int] = OrderedDict()

    def __contains__(self, nonce: Nonce) -> bool:
        return nonce.value in self._too_old_after

    def __len__(self) -> int:
        return len(self._too_old_after)

    def add(self, nonce: Nonce, real_time: float) -> None:
        """The oldest leave: what is full, and what NonceMint would not open at `real_time`."""
        self._too_old_after[nonce.value] = nonce.too_old_after
        while len(self._too_old_after) > self._capacity or self._oldest_ends() < real_time:
            self._too_old_after.popitem(last=False)

    def _oldest_ends(self) -> float:
        return next(iter(self._too_old_after.values()), float("inf"))
