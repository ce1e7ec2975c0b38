"""The endpoints of the older products: forms in, lines of text or URL-encoded pairs out (§7)."""
