"""GETLASTORDER and LISTTRANSACTIONS: a reseller's reports on certificates and money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Literal
from uuid import UUID

from gateway.rules.subscription import terms
from gateway.rules.subscription.certificate_status import CertificateStatus, certificate_status
from gateway.rules.subscription.filters import Filter
from gateway.store.subscription import reports, subscriptions
from gateway.store.subscription.reports import LastOrder, PurchaseLine
from gateway.usecases.acme.accounts import credential_of
from gateway.usecases.subscription.domains import parse_name
from gateway.usecases.work import Work

TransactionType = Literal["addDomain", "extendDomains", "refundDomain"]

_TYPE_OF_KIND: dict[str, TransactionType] = {
    "add_domain": "addDomain",
    "extend_domains": "extendDomains",
}


@dataclass(frozen=True, slots=True)
class OrderReport:
    """A name's newest ACME order; `status` is None while it is in progress."""

    order: LastOrder
    status: CertificateStatus | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A charge or refund for names. `cost` is positive, for a refund too."""

    kind: TransactionType
    at: datetime
    order_number: int
    cost: Decimal
    currency: str
    days: int
    names: tuple[PurchaseLine, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionReport:
    """A subscription with its transactions, oldest first."""

    started_at: datetime
    expires_at: datetime
    state: terms.State
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """A GETLASTORDER request; all `filters` must match."""

    reseller_id: UUID
    account_id: str
    all_accounts: bool = False
    """Orders of all accounts of the EAB credential, and not only of the named one."""
    domain_name: str | None = None
    filters: Sequence[Filter] = ()


@dataclass(frozen=True, slots=True)
class TransactionQuery:
    """A LISTTRANSACTIONS request; days are UTC days, both included."""

    reseller_id: UUID
    account_id: str
    include_past: bool = False
    domain_name: str | None = None
    from_day: date | None = None
    to_day: date | None = None


async def last_orders(work: Work, query: OrderQuery) -> list[OrderReport]:
    """Gives the newest ACME order of each name in a subscription that is valid or in grace.

    Only orders that all filters match. Raises ArgumentInvalid for a foreign account or an
    impossible name.
    """
    name = None if query.domain_name is None else parse_name(query.domain_name)
    credential = await credential_of(work, query.reseller_id, query.account_id)
    current = await subscriptions.find_current(work.connection, credential.kid)
    if current is None or terms.state(current.expires_at, work.now) == "expired":
        return []
    orders = await reports.last_orders(
        work.connection, current.id, account_id=None if query.all_accounts else query.account_id
    )
    return [
        OrderReport(order, _status(order))
        for order in orders
        if name in (None, order.domain_name)
        and all(
            each.accepts(domain_name=order.domain_name, valid_not_after=order.not_after)
            for each in query.filters
        )
    ]


async def list_transactions(work: Work, query: TransactionQuery) -> list[SubscriptionReport]:
    """Gives subscriptions with all their charges and refunds, the current one first.

    Without `include_past` only the one that is valid or in grace. With `domain_name` the costs are
    that name's share. Raises ArgumentInvalid for a foreign account or an impossible name.
    """
    name = None if query.domain_name is None else parse_name(query.domain_name)
    credential = await credential_of(work, query.reseller_id, query.account_id)
    rows = await reports.list_subscriptions(work.connection, credential.kid)
    shown = [
        (row, "expired" if row.superseded else terms.state(row.expires_at, work.now))
        for row in rows
    ]
    if not query.include_past:
        shown = [(row, state) for row, state in shown if state != "expired"]
    lines = await reports.purchase_lines(work.connection, [row.id for row, _ in shown], name)
    return [
        SubscriptionReport(
            row.started_at,
            row.expires_at,
            state,
            _transactions((line for line in lines if line.subscription_id == row.id), query),
        )
        for row, state in shown
    ]


def _status(order: LastOrder) -> CertificateStatus | None:
    return certificate_status(
        order_status=order.acme_order_status,
        has_csr=order.has_csr,
        issued=order.serial is not None,
        withheld=order.withheld,
        revoked=order.revoked,
    )


def _transactions(
    lines: Iterable[PurchaseLine], query: TransactionQuery
) -> tuple[Transaction, ...]:
    made = [
        transaction
        for _, of_order in groupby(lines, key=lambda line: line.order_number)
        for transaction in _of_order(tuple(of_order))
        if _within(transaction.at, query)
    ]
    return tuple(sorted(made, key=lambda transaction: transaction.at))


def _of_order(lines: tuple[PurchaseLine, ...]) -> list[Transaction]:
    """The purchase, and its refund if there was one: that of the name that was paid for (A7)."""
    first = lines[0]
    made = [_transaction(_TYPE_OF_KIND[first.kind], first.purchased_at, lines)]
    refunded = tuple(line for line in lines if line.cost > 0)
    if first.refunded_at is not None and refunded:
        made.append(_transaction("refundDomain", first.refunded_at, refunded))
    return made


def _transaction(
    kind: TransactionType, at: datetime, lines: tuple[PurchaseLine, ...]
) -> Transaction:
    first = lines[0]
    return Transaction(
        kind,
        at,
        first.order_number,
        sum((line.cost for line in lines), Decimal("0.00")),
        first.currency,
        first.days,
        lines,
    )


def _within(at: datetime, query: TransactionQuery) -> bool:
    day = at.astimezone(UTC).date()
    return (query.from_day is None or query.from_day <= day) and (
        query.to_day is None or day <= query.to_day
    )
