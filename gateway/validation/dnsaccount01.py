"""dns-account-01: dns-01 at a name of the account's own (draft-ietf-acme-dns-account-label).

Several accounts can prove the same name at once, each with its own delegation.
"""

from base64 import b32encode
from hashlib import sha256

from gateway.validation.dns import Resolver
from gateway.validation.dns01 import check_at
from gateway.validation.method import Claim, Evidence, Network

_LABEL_BYTES = 10


async def check(claim: Claim, resolver: Resolver, network: Network) -> Evidence:
    """Checks that a TXT record at the account's label is the digest; raises ValidationFailed."""
    label = account_label(claim.account_url)
    return await check_at(f"{label}._acme-challenge.{claim.name}", claim, resolver)


def account_label(account_url: str) -> str:
    """The first label of the record: an underscore and 16 letters and digits."""
    digest = sha256(account_url.encode()).digest()
    return f"_{b32encode(digest[:_LABEL_BYTES]).decode().lower()}"
