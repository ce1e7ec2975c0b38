"""ACME subscription gateway."""
