"""Use cases: the running of the gateway itself."""
