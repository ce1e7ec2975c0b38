"""The URL that identifies an ACME account, in the protocol and in its owner's DNS."""


def account_url(directory: str, account_id: str) -> str:
    """Gives the account URL (RFC 8555 §7.1.2), which CAA (RFC 8657 §3) and DNS challenges use."""
    return f"{directory}/account/{account_id}"
