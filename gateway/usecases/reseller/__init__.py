"""Use cases: resellers and their credentials."""
