"""Who may order SiteLock products."""

from datetime import datetime

from gateway.db.pool import Connection
from gateway.errors import OperatorMistake
from gateway.origin import Origin
from gateway.store.operation import audit
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.sitelock import partners


async def set_partner(
    connection: Connection, now: datetime, origin: Origin, login: str, *, active: bool
) -> None:
    """Whether a reseller may order SiteLock products. Raises OperatorMistake."""
    reseller = await resellers.lock_by_login(connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    former = await partners.is_active(connection, reseller.id)
    await partners.set_active(connection, reseller.id, now, active=active)
    change = Change("product_partner.set", login, {"active": former}, {"active": active})
    await audit.record(connection, now, origin, change)
