"""The URL that stands for an ACME account, in the protocol and in its owner's DNS."""


def account_url(directory: str, account_id: str) -> str:
    """RFC 8555 §7.1.2; CAA records (RFC 8657 §3) and DNS challenges name accounts by it."""
    return f"{directory}/account/{account_id}"
