"""What the product does: one function for each use case, in one transaction each."""
