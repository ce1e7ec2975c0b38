"""Rules: single SSL certificates."""
