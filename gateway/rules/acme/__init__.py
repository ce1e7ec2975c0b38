"""Rules: ACME accounts, orders, authorizations and certificates."""
