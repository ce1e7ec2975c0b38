"""SQL: the running of the gateway itself."""
