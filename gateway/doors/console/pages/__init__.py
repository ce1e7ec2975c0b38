"""The pages of the console, a file for each group of them."""

PAGES = (
    "home",
    "subscriptions",
    "subscription",
    "subscription_names",
    "acme_orders",
    "statement",
    "organizations",
    "prevalidations",
    "sitelock_order",
    "sitelock",
    "notices",
    "destination",
    "queues",
    "search",
    "issued",
    "resellers",
    "reseller",
    "prices",
    "background",
    "health",
    "audit",
    "operators",
    "settings",
    "sign_in",
)
"""The files here, in the order of the navigation, each with its `GROUP`; a new one is added."""
