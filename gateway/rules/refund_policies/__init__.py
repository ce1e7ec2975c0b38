"""One file per product family: when is its money paid back?"""
