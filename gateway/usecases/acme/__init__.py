"""Use cases: ACME accounts, orders, authorizations and certificates."""
