"""Everything in one command, for trying out and for tests."""
