"""CAA: does the owner of a name let this CA issue for it? (RFC 8659)"""

from collections.abc import Sequence

from gateway.rules.acme.caa import Property, WantedCertificate, objection
from gateway.validation.dns import LookupFailed, Resolver
from gateway.validation.method import Claim, Evidence, ValidationFailed, unknown


async def check(claim: Claim, method: str, resolver: Resolver) -> Evidence:
    """Checks CAA; gives where records were found, if any. Raises ValidationFailed, NotChecked.

    A look-up that fails is never taken for "there are no records": it may be an attack.
    """
    try:
        owner, records = await _relevant(claim.name, resolver)
    except LookupFailed as error:
        raise unknown(error) from error
    wanted = WantedCertificate(claim.identities, claim.wildcard, method, claim.account_url)
    if found := objection(records, wanted):
        raise ValidationFailed("caa", _forbidden(claim, owner, found))
    return {"caa": owner} if records else {}


async def _relevant(name: str, resolver: Resolver) -> tuple[str, Sequence[Property]]:
    """The closest records on the way up from the name, and their owner (RFC 8659 §3)."""
    labels = name.split(".")
    owners = [".".join(labels[depth:]) for depth in range(len(labels))]
    # All owners are asked about at once, so that the search takes the time of one question.
    for owner, records in zip(owners, await resolver.caa(owners), strict=True):
        if isinstance(records, LookupFailed):
            raise records
        if records:
            return owner, records
    return "", []


def _forbidden(claim: Claim, owner: str, found: str) -> str:
    name = f"*.{claim.name}" if claim.wildcard else claim.name
    return (
        f"The CAA records of {owner} {found}. To have certificates for {name} issued here, "
        f"allow {' or '.join(claim.identities) or 'this CA'} there."
    )
