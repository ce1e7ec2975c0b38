"""Proof of control over a name: one file per challenge type."""
