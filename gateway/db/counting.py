"""How far the rows of a list are counted: the rest of a long list costs nothing."""

MOST_COUNTED = 10_000
"""A list with more rows has "more than" so many; its pages show the first of them."""

COUNTED_TO = MOST_COUNTED + 1
"""Where statements stop counting."""
