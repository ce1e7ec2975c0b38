"""SQL: purchases, refunds and the ledger."""
