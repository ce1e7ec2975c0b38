"""SQL: resellers and their credentials."""
