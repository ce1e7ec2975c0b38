"""What the product does: one function each, one transaction each."""
