"""Use cases: subscriptions and their names."""
