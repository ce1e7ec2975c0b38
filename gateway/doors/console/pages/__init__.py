"""The pages of the console, a file for each group of them."""

PAGES = ("home", "orders", "certificate_orders", "certificates", "settings", "sign_in")
"""The files here, in the order of the navigation, each with its `GROUP`; a new one is added."""
