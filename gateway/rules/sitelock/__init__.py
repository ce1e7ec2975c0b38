"""Rules: SiteLock licences."""
