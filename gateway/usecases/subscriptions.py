"""What the actions on a subscription share, LISTDOMAINS and UPDATEDOMAINS."""

from dataclasses import dataclass
from uuid import UUID

from gateway.db.pool import Connection
from gateway.errors import ArgumentInvalid, ArgumentMissing, NotApplicableForDv, PermissionDenied
from gateway.rules.names import InvalidName, normalise
from gateway.store import eab_credentials, subscriptions
from gateway.store.eab_credentials import EabCredential
from gateway.store.subscriptions import ListedDomain
from gateway.usecases.accounts import credential_of


@dataclass(frozen=True, slots=True)
class UpdateDomains:
    """Which pre-validation takes the place of which, for the names of a subscription."""

    reseller_id: UUID
    account_id: str
    ov_anchor_order_number: str | None = None
    old_ov_anchor_order_number: str | None = None


async def list_domains(
    connection: Connection,
    *,
    reseller_id: UUID,
    account_id: str,
    limit: int | None = None,
    offset: int = 0,
) -> list[ListedDomain]:
    """Each name of the EAB once, with its most recent expiry; expired ones stay (R12)."""
    credential = await credential_of(connection, reseller_id, account_id)
    return await subscriptions.list_domains(connection, credential.kid, limit=limit, offset=offset)


async def update_domains(connection: Connection, request: UpdateDomains) -> int:
    """Links names to another pre-validation; gives how many (O8).

    Raises NotApplicableForDv (E9); on OV ArgumentMissing, and ArgumentInvalid for a pre-validation
    that does not exist.
    """
    credential = await credential_of(connection, request.reseller_id, request.account_id)
    if credential.validation == "DV":
        raise NotApplicableForDv
    if not request.ov_anchor_order_number:
        raise ArgumentMissing("ovAnchorOrderNumber")
    if not request.old_ov_anchor_order_number:
        raise ArgumentMissing("oldOVAnchorOrderNumber")
    raise ArgumentInvalid("ovAnchorOrderNumber")


async def credential_to_change(
    connection: Connection, reseller_id: UUID, account_id: str, *, lock: bool = True
) -> EabCredential:
    """As credential_of, but locked: the first lock of every action. Quotes take none."""
    credential = await credential_of(connection, reseller_id, account_id)
    return await eab_credentials.lock_for_change(connection, credential.kid) if lock else credential


def refuse_deactivated(credential: EabCredential) -> None:
    """Nothing can be bought for an EAB that is deactivated for good: PermissionDenied (E10).

    A suspended one is the reseller's to steer (A26), and so is removing and listing names.
    """
    if credential.status == "deactivated":
        raise PermissionDenied


def parse_name(text: str) -> str:
    """The name as stored; raises ArgumentInvalid (E3) for what no subscription may list (A27)."""
    try:
        return normalise(text)
    except InvalidName:
        raise ArgumentInvalid("domainName") from None
