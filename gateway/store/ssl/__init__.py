"""SQL: single SSL certificates."""
