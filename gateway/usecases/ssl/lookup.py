"""Finding the SSL certificate orders of their owners."""

from uuid import UUID

from gateway.errors import NotFound
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.orders import SslOrder
from gateway.usecases.work import Work


async def show(work: Work, reseller_id: UUID, cert_id: str) -> SslOrder:
    """Gives an order; raises NotFound, also for a foreign or an unsubscribed one (G1)."""
    order = await ssl_orders.find(work.connection, cert_id, work.now)
    if order is None or order.reseller_id != reseller_id:
        raise NotFound
    return order


async def locked(work: Work, reseller_id: UUID, cert_id: str) -> SslOrder:
    """Does as `show`, and locks the order: the first lock of every operation."""
    await show(work, reseller_id, cert_id)
    await ssl_orders.lock(work.connection, cert_id)
    return await show(work, reseller_id, cert_id)
