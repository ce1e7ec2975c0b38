"""Rules: purchases, refunds and the ledger."""
