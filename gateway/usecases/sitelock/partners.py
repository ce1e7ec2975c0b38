"""Who may order SiteLock products."""

from gateway.errors import OperatorMistake
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.sitelock import partners
from gateway.usecases.work import Work


async def set_partner(work: Work, login: str, *, active: bool) -> None:
    """Sets whether a reseller may order SiteLock products. Raises OperatorMistake."""
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    former = await partners.is_active(work.connection, reseller.id)
    await partners.set_active(work.connection, reseller.id, work.now, active=active)
    change = Change("sitelock_partner.set", login, {"active": former}, {"active": active})
    await work.record(change)
