"""SQL: subscriptions and their names."""
