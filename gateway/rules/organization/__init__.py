"""Rules: organizations and their pre-validations."""
