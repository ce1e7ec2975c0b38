"""Use cases: organizations and their pre-validations."""
