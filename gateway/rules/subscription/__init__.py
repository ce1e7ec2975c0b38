"""Rules: subscriptions and their names."""
