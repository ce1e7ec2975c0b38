"""Coupons that pay a part of one order of SSL certificates."""

from datetime import datetime
from decimal import Decimal

from gateway import ids
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import check_amount
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.store.ssl import coupons
from gateway.usecases.work import Work


async def add_coupon(
    work: Work, *, login: str, amount: Decimal, expires_at: datetime | None = None
) -> str:
    """Adds a coupon for one order of a reseller, in the reseller's currency; gives its code.

    Raises OperatorMistake.
    """
    worth = check_amount(amount)
    if worth <= 0:
        raise OperatorMistake("a coupon is worth more than 0.00")
    if expires_at is not None and expires_at <= work.now:
        raise OperatorMistake("a coupon expires in the future")
    reseller = await resellers.lock_by_login(work.connection, login)
    if reseller is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    code = ids.new_coupon_code()
    await coupons.add_coupon(work.connection, code, reseller.id, worth, expires_at, work.now)
    # The code is left out: whoever reads the audit trail could use it.
    after = {"amount": str(worth), "expiresAt": expires_at and expires_at.isoformat()}
    await work.record(Change("coupon.added", login, None, after))
    return code
