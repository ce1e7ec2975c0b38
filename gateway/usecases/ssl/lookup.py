"""Finding the SSL certificate orders of their owners."""

from datetime import datetime
from uuid import UUID

from gateway.db.pool import Connection
from gateway.errors import NotFound
from gateway.store.ssl import orders as ssl_orders
from gateway.store.ssl.orders import SslOrder


async def show(connection: Connection, now: datetime, reseller_id: UUID, cert_id: str) -> SslOrder:
    """Gives an order; raises NotFound, also for a foreign or an unsubscribed one (G1)."""
    order = await ssl_orders.find(connection, cert_id, now)
    if order is None or order.reseller_id != reseller_id:
        raise NotFound
    return order


async def locked(
    connection: Connection, now: datetime, reseller_id: UUID, cert_id: str
) -> SslOrder:
    """Does as `show`, and locks the order: the first lock of every operation."""
    await show(connection, now, reseller_id, cert_id)
    await ssl_orders.lock(connection, cert_id)
    return await show(connection, now, reseller_id, cert_id)
