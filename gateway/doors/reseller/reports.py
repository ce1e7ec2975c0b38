"""Reports for resellers (docs/wire.md §2.10, §2.11)."""

from typing import Any

from gateway.doors.reseller import answers
from gateway.doors.reseller.envelope import timestamp
from gateway.doors.reseller.parameters import ActionCall, account_id, action, calendar_date
from gateway.rules.subscription.certificate_status import (
    POST_SIGN_FAILED,
    PRE_SIGN_FAILED,
    REJECTED,
    REVOKED,
    VALID,
)
from gateway.rules.subscription.filters import parse_filter
from gateway.store.subscription.reports import PurchaseLine
from gateway.usecases.subscription.reports import (
    OrderQuery,
    OrderReport,
    SubscriptionReport,
    Transaction,
    TransactionQuery,
)
from gateway.usecases.subscription.reports import last_orders as look_up_orders
from gateway.usecases.subscription.reports import list_transactions as look_up_transactions
from gateway.web.forms import Parameter, ParameterKind, flag, text

_MAXIMUM_FILTER = 32767

_ACCOUNT = Parameter(
    "acmeAccountID",
    account_id,
    required=True,
    description="Any account of the EAB; its subscription is meant.",
)
# Undocumented, but sent by clients that work with the vendor's API.
_NAME = Parameter("domainName", text(255), conditional=True, description="Only this name.")

_ORDER_STATUSES = ("pending", "ready", "processing", "valid", "invalid")
_DESCRIPTIONS = tuple(
    each.description for each in (VALID, REVOKED, POST_SIGN_FAILED, PRE_SIGN_FAILED, REJECTED)
)
_REMOVED = answers.instant("removeDate", "When the name was removed, if it was.", optional=True)


@action(
    "GETLASTORDER",
    _ACCOUNT,
    Parameter(
        "includeAdditionalAccounts",
        flag,
        default=False,
        description="N: orders of this account; Y: of all accounts of the EAB.",
    ),
    Parameter(
        "filter",
        ParameterKind(
            parse_filter,
            {"type": "string", "maxLength": _MAXIMUM_FILTER},
            _MAXIMUM_FILTER,
        ),
        repeatable=True,
        description="`<field> <operator> <value>`: domainName with = != ? (contains) !?, or "
        "validNotAfter with = != > < >= <=. Repeat it for conditions that all have to hold.",
    ),
    _NAME,
    answer=(
        answers.listing(
            "Orders",
            "One for each name of the subscription that has one.",
            answers.number("orderNumber", "The order that added the name."),
            answers.text("acmeOrderID", "The id of its newest ACME order."),
            answers.one_of("acmeOrderStatus", "RFC 8555 §7.1.6.", *_ORDER_STATUSES),
            answers.NAME,
            answers.text("acmeAccountID", "Whose client ordered it."),
            answers.text("acmeEABKeyID", "EAB key id."),
            answers.number(
                "statusCode", "3, 5, 6, 7 or 8; absent while it is on its way.", optional=True
            ),
            answers.one_of("statusDesc", "In words.", *_DESCRIPTIONS, optional=True),
            answers.number("certificateID", "Once there is a certificate.", optional=True),
            answers.text("serialNumber", "Hexadecimal.", optional=True),
            answers.instant("validNotBefore", "First second.", optional=True),
            answers.instant("validNotAfter", "Last second.", optional=True),
        ),
    ),
)
async def get_last_order(call: ActionCall) -> dict[str, Any]:
    """The newest certificate order of each name in the subscription that has one."""
    query = OrderQuery(
        reseller_id=call.reseller.id,
        account_id=call.arguments["acmeAccountID"],
        all_accounts=call.arguments["includeAdditionalAccounts"],
        domain_name=call.arguments["domainName"],
        filters=call.arguments["filter"],
    )
    found = await look_up_orders(call.work, query)
    return {"Orders": [_order(report) for report in found]}


@action(
    "LISTTRANSACTIONS",
    _ACCOUNT,
    # The vendor's name of this switch is not known.
    Parameter(
        "includeExpired",
        flag,
        default=False,
        description="N: only the current subscription; Y: past ones too.",
    ),
    _NAME,
    Parameter("fromDate", calendar_date, conditional=True, description="First day, UTC."),
    Parameter("toDate", calendar_date, conditional=True, description="Last day, UTC."),
    answer=(
        answers.listing(
            "subscriptions",
            "The current one first.",
            answers.instant("subscriptionStartDate", "When its first name was added."),
            answers.instant("subscriptionEndDate", "Its last second."),
            answers.one_of("subscriptionStatus", "Its status now.", "active", "grace", "expired"),
            answers.listing(
                "transactions",
                "Oldest first.",
                answers.one_of(
                    "transactionType",
                    "What moved the money.",
                    "addDomain",
                    "extendDomains",
                    "refundDomain",
                ),
                answers.instant("transactionDate", "When the money moved."),
                answers.number("orderNumber", "A refund has that of its purchase."),
                answers.money("cost", "Debited or refunded; with domainName that name's share."),
                answers.CURRENCY,
                answers.number("debitedForDays", "Days that the cost pays for."),
                answers.listing(
                    "domains",
                    "What it was for.",
                    answers.text("name", "The name, in lower-case A-labels."),
                    answers.one_of("type", "Wildcard for `*.…`.", "FQDN", "Wildcard"),
                    _REMOVED,
                ),
                _REMOVED,
            ),
        ),
    ),
)
async def list_transactions(call: ActionCall) -> dict[str, Any]:
    """What moved money: names added, extensions, refunds."""
    found = await look_up_transactions(
        call.work,
        TransactionQuery(
            reseller_id=call.reseller.id,
            account_id=call.arguments["acmeAccountID"],
            include_past=call.arguments["includeExpired"],
            domain_name=call.arguments["domainName"],
            from_day=call.arguments["fromDate"],
            to_day=call.arguments["toDate"],
        ),
    )
    return {"subscriptions": [_subscription(report) for report in found]}


def _order(report: OrderReport) -> dict[str, Any]:
    """The JSON of an order; the certificate's members are absent until it is issued."""
    order = report.order
    shown: dict[str, Any] = {
        "orderNumber": order.order_number,
        "acmeOrderID": str(order.acme_order_id),
        "acmeOrderStatus": order.acme_order_status,
        "domainName": order.domain_name,
        "acmeAccountID": order.acme_account_id,
        "acmeEABKeyID": order.kid,
    }
    if report.status is not None:
        shown["statusCode"] = report.status.code
        shown["statusDesc"] = report.status.description
    if order.not_before is not None and order.not_after is not None:
        shown["certificateID"] = order.certificate_number
        shown["serialNumber"] = order.serial
        shown["validNotBefore"] = timestamp(order.not_before)
        shown["validNotAfter"] = timestamp(order.not_after)
    return shown


def _subscription(report: SubscriptionReport) -> dict[str, Any]:
    return {
        "subscriptionStartDate": timestamp(report.started_at),
        "subscriptionEndDate": timestamp(report.expires_at),
        "subscriptionStatus": report.state,
        "transactions": [_transaction(each) for each in report.transactions],
    }


def _transaction(transaction: Transaction) -> dict[str, Any]:
    """The JSON of a transaction; its own `removeDate` is that of the name it was placed for."""
    first = transaction.names[0]
    return {
        "transactionType": transaction.kind,
        "transactionDate": timestamp(transaction.at),
        "orderNumber": transaction.order_number,
        "cost": transaction.cost,
        "currency": transaction.currency,
        "debitedForDays": transaction.days,
        "domains": [
            {"name": line.name, "type": _TYPES[line.name_type], **_remove_date(line)}
            for line in transaction.names
        ],
        **(_remove_date(first) if transaction.kind == "addDomain" else {}),
    }


_TYPES = {"fqdn": "FQDN", "wildcard": "Wildcard"}


def _remove_date(line: PurchaseLine) -> dict[str, str]:
    return {} if line.removed_at is None else {"removeDate": timestamp(line.removed_at)}
