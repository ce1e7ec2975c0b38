"""Rules: notices to resellers."""
