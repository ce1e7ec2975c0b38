"""The endpoints of the older products (docs/wire.md §7).

They take forms and answer lines of text or URL-encoded pairs.
"""
