"""SQL: notices to resellers."""
