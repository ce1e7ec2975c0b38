"""What every signed request reads besides its own resource, in the same statement.

Each hot statement starts with acme.admit(nonce, epoch, account): it burns the nonce and returns
the account's and its credential's standing. Nothing here is cached between requests, so that a
suspension works at once in every process.
"""

from dataclasses import dataclass

from gateway.db.pool import Record


@dataclass(frozen=True, slots=True)
class Ticket:
    """A verified signature waiting to be admitted: its nonce, and the account that signed."""

    nonce: bytes
    epoch: int
    account_id: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Standing of the signer at the moment its nonce was burnt."""

    nonce_fresh: bool
    account_status: str
    account_suspended: bool
    key_version: int
    kid: str
    eab_status: str
    eab_suspended: bool
    eab_version: int


def admission_of(row: Record) -> Admission:
    """Reads the columns that acme.admit() returns."""
    return Admission(
        row["nonce_fresh"],
        row["account_status"],
        row["account_suspended"],
        row["key_version"],
        row["kid"],
        row["eab_status"],
        row["eab_suspended"],
        row["eab_version"],
    )
