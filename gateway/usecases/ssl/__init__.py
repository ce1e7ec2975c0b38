"""Use cases: single SSL certificates."""
