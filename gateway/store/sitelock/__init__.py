"""SQL: SiteLock licences."""
