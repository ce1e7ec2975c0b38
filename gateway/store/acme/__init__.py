"""SQL: ACME accounts, orders, authorizations and certificates."""
