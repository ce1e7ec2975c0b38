"""LISTDOMAINS, UPDATEDOMAINS, and what the actions on a subscription share."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.errors.organization import NotApplicableForDv
from gateway.errors.request import ArgumentInvalid, ArgumentMissing, PermissionDenied
from gateway.rules import public_names
from gateway.rules.names import InvalidName, normalise
from gateway.rules.organization.prevalidations import number_of
from gateway.store.acme import eab_credentials
from gateway.store.acme.eab_credentials import EabCredential
from gateway.store.subscription import subscriptions
from gateway.store.subscription.subscriptions import ListedDomain
from gateway.usecases.acme.accounts import credential_of
from gateway.usecases.organization import reassignment
from gateway.usecases.organization.anchors import EV_ARGUMENT, OV_ARGUMENT
from gateway.usecases.work import Work

__all__ = ["ListedDomain"]

_OLD_OV_ARGUMENT, _OLD_EV_ARGUMENT = "oldOVAnchorOrderNumber", "oldEVAnchorOrderNumber"


@dataclass(frozen=True, slots=True)
class UpdateDomains:
    """A request to replace one pre-validation by another, for the names of a subscription.

    It may also name an EV pair; there are no EV servers, so that is only kept (O12).
    """

    reseller_id: UUID
    account_id: str
    ov_anchor_order_number: str | None = None
    old_ov_anchor_order_number: str | None = None
    ev_anchor_order_number: str | None = None
    old_ev_anchor_order_number: str | None = None


async def list_domains(
    work: Work,
    *,
    reseller_id: UUID,
    account_id: str,
    limit: int | None = None,
    offset: int = 0,
) -> list[ListedDomain]:
    """Gives each name of the EAB once, with its most recent expiry; expired ones stay (R12)."""
    credential = await credential_of(work, reseller_id, account_id)
    return await subscriptions.list_domains(
        work.connection, credential.kid, limit=limit, offset=offset
    )


async def update_domains(work: Work, request: UpdateDomains) -> int:
    """Links names to another pre-validation; gives how many (O8).

    Raises NotApplicableForDv (E9); on OV ArgumentMissing (E2), and ArgumentInvalid (E3) for one
    that is not the reseller's, and for a new one that is not valid now or does not cover a name.
    """
    credential = await credential_of(work, request.reseller_id, request.account_id)
    if credential.validation == "DV":
        raise NotApplicableForDv
    if not request.ov_anchor_order_number:
        raise ArgumentMissing(OV_ARGUMENT)
    if not request.old_ov_anchor_order_number:
        raise ArgumentMissing(_OLD_OV_ARGUMENT)
    if request.ev_anchor_order_number and not request.old_ev_anchor_order_number:
        raise ArgumentMissing(_OLD_EV_ARGUMENT)
    if request.old_ev_anchor_order_number and not request.ev_anchor_order_number:
        raise ArgumentMissing(EV_ARGUMENT)
    updated = await reassignment.reassign(
        work,
        reseller_id=request.reseller_id,
        old_number=_number(request.old_ov_anchor_order_number, _OLD_OV_ARGUMENT),
        new_number=_number(request.ov_anchor_order_number, OV_ARGUMENT),
        kid=credential.kid,
    )
    if request.ev_anchor_order_number and request.old_ev_anchor_order_number:
        updated |= await reassignment.reassign_ev(
            work,
            reseller_id=request.reseller_id,
            old_number=_number(request.old_ev_anchor_order_number, _OLD_EV_ARGUMENT),
            new_number=_number(request.ev_anchor_order_number, EV_ARGUMENT),
            kid=credential.kid,
        )
    return len(updated)


async def credential_to_change(
    work: Work, reseller_id: UUID, account_id: str, *, lock: bool = True
) -> EabCredential:
    """Does as credential_of, but locks: the first lock of every action. Quotes take none."""
    credential = await credential_of(work, reseller_id, account_id)
    return (
        await eab_credentials.lock_for_change(work.connection, credential.kid)
        if lock
        else credential
    )


def refuse_deactivated(credential: EabCredential) -> None:
    """Raises PermissionDenied (E10): nothing can be bought for a deactivated EAB credential.

    A suspended one may still buy: its reseller decides (A26). Removing and listing names is always
    allowed.
    """
    if credential.status == "deactivated":
        raise PermissionDenied


def refuse_uncertifiable(credential: EabCredential, name: str) -> None:
    """Raises ArgumentInvalid (E3) for a name that the server's public CA could never certify."""
    if credential.server_names == "public" and public_names.objection(name):
        raise ArgumentInvalid("domainName")


def refuse_uncertifiable_listed(credential: EabCredential, names: Sequence[str]) -> None:
    """Raises ArgumentInvalid (A31) with the names that must leave the subscription first."""
    if credential.server_names == "public" and (hint := public_names.removal_first(names)):
        raise ArgumentInvalid("domainName", hint)


def _number(sent: str, argument: str) -> int:
    number = number_of(sent)
    if number is None:
        raise ArgumentInvalid(argument)
    return number


def parse_name(text: str) -> str:
    """Gives the name as stored; raises ArgumentInvalid (E3) for an impossible one (A27)."""
    try:
        return normalise(text)
    except InvalidName:
        raise ArgumentInvalid("domainName") from None
