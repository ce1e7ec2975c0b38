"""Rules: the running of the gateway itself."""
