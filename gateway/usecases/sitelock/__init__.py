"""Use cases: SiteLock licences."""
