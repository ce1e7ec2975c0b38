"""Reading what the gate decides on from a row of any statement that joins acme.signer."""

from gateway.db.pool import Record
from gateway.rules.issuance import GateFacts, Standing, SubscriptionFacts


def standing_of(row: Record) -> Standing:
    """The columns of acme.signer that say whether the account may act."""
    return Standing(
        row["account_status"],
        row["account_suspended"],
        row["eab_status"],
        row["eab_suspended"],
    )


def facts_of(row: Record) -> GateFacts:
    """Standing, the current subscription (started_at, expires_at), and the `listed` names."""
    subscription = None
    if row["started_at"] is not None:
        subscription = SubscriptionFacts(row["started_at"], row["expires_at"])
    return GateFacts(standing_of(row), subscription, frozenset(row["listed"]))
