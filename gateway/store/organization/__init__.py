"""SQL: organizations and their pre-validations."""
