"""What is open to the outside: each door parses, authenticates, calls one use case and renders."""
