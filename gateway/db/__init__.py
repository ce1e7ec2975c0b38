"""Connection pool and migrations."""
