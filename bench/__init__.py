"""What the gateway costs under load: `python -m bench`, `python -m bench.actions`."""
