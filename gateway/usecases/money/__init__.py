"""Use cases: purchases, refunds and the ledger."""
