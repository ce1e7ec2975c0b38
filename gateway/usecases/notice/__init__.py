"""Use cases: notices to resellers."""
