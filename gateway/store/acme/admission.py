"""What every signed request reads besides its own resource, in the same statement.

Each hot statement calls acme.burn_nonces() and reads acme.signer, the standing of the accounts and
their credentials. Nothing here is cached between requests, so a suspension takes effect at once in
every process. All facts of one statement come from one snapshot: the version that finalize compares
later belongs to the facts that the gate saw.
"""

from collections.abc import Iterable

from msgspec import Struct

from gateway.db.pool import Record
from gateway.rules.acme.issuance import AccountStanding
from gateway.store.acme.gate import standing_of


class Ticket(Struct, frozen=True):
    """A verified signature waiting to be admitted: its nonce, the account and which key signed."""

    nonce: bytes
    epoch: int
    account_id: str
    key_version: int


def columns_of(tickets: Iterable[Ticket]) -> tuple[list[bytes], list[int], list[str]]:
    """Nonces, epochs and accounts: the first three arguments of a statement for many requests."""
    nonces, epochs, account_ids = [], [], []
    for ticket in tickets:
        nonces.append(ticket.nonce)
        epochs.append(ticket.epoch)
        account_ids.append(ticket.account_id)
    return nonces, epochs, account_ids


class Admission(Struct, frozen=True):
    """The signer at the moment its nonce was burnt."""

    nonce_fresh: bool
    key_version: int
    kid: str
    eab_version: int
    standing: AccountStanding
    agreed_terms: str | None


def admission_of(row: Record) -> Admission:
    """Reads the columns of acme.signer and `nonce_fresh`."""
    return Admission(
        row["nonce_fresh"],
        row["key_version"],
        row["kid"],
        row["eab_version"],
        standing_of(row),
        row["agreed_terms"],
    )
