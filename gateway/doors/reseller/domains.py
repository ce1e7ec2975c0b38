"""Actions on the names of a subscription (docs/wire.md §2.5–2.9)."""

from typing import Any

from gateway.config import Subscriptions
from gateway.doors.reseller import answers
from gateway.doors.reseller.envelope import timestamp
from gateway.doors.reseller.parameters import (
    PAGING,
    TERM,
    ActionCall,
    account_id,
    action,
    page_bounds,
    term_days,
)
from gateway.rules.subscription.decisions import Policy
from gateway.usecases.organization.anchors import SentAnchors
from gateway.usecases.subscription import domains as subscription_domains
from gateway.usecases.subscription.add_domain import AddDomain
from gateway.usecases.subscription.add_domain import add_domain as carry_out_add
from gateway.usecases.subscription.domains import UpdateDomains
from gateway.usecases.subscription.extend import Extend
from gateway.usecases.subscription.extend import extend as carry_out_extend
from gateway.usecases.subscription.remove_domain import RemoveDomain
from gateway.usecases.subscription.remove_domain import remove_domain as carry_out_remove
from gateway.web.forms import Parameter, flag, text

_ACCOUNT = Parameter(
    "acmeAccountID",
    account_id,
    required=True,
    description="Any account of the EAB; its subscription is meant.",
)
_NAME = Parameter(
    "domainName",
    text(255),
    required=True,
    description="FQDN, or wildcard with `*.` as the leftmost label.",
)
_QUOTE = Parameter(
    "quoteOnly", flag, default=False, description="Y: the price of right now, nothing else happens."
)

_CHARGED = (
    answers.SUCCESS,
    answers.number("orderNumber", "Not in a quote.", optional=True),
    answers.money("cost", "0 for a free name."),
    answers.CURRENCY,
)


def _anchor(name: str, description: str) -> Parameter:
    return Parameter(name, text(128), conditional=True, description=description)


@action(
    "ADDDOMAIN",
    _ACCOUNT,
    _NAME,
    _QUOTE,
    Parameter(
        "addAssociatedFQDN",
        flag,
        default=False,
        description="Y: also add the name that is free with this one.",
    ),
    _anchor("ovAnchorOrderNumber", "Organization pre-validation; required on OV servers."),
    _anchor("evAnchorOrderNumber", "An EV pre-validation to keep with the name; no EV is issued."),
    answer=(
        *_CHARGED,
        answers.listing(
            "domains", "The requested name, then the associated free one.", answers.NAME
        ),
    ),
    writes=True,
)
async def add_domain(call: ActionCall) -> dict[str, Any]:
    """Adds a name; the first one starts the subscription. Charged for the full days left."""
    sent = call.arguments
    added = await carry_out_add(
        call.work,
        AddDomain(
            reseller_id=call.reseller.id,
            account_id=sent["acmeAccountID"],
            domain_name=sent["domainName"],
            policy=_policy(call.settings.subscriptions),
            quote_only=sent["quoteOnly"],
            with_associated=sent["addAssociatedFQDN"],
            anchors=SentAnchors(sent["ovAnchorOrderNumber"], sent["evAnchorOrderNumber"]),
        ),
    )
    return {
        "success": True,
        **_order_number(added.order_number),
        "cost": added.cost,
        "currency": added.currency,
        "domains": [{"domainName": name} for name in added.names],
    }


@action(
    "REMOVEDOMAIN",
    _ACCOUNT,
    _NAME,
    answer=(
        answers.SUCCESS,
        answers.listing(
            "Domains", "The requested name, then those free because of it.", answers.NAME
        ),
        answers.text(
            "refundRefused", "The name is removed; why its money does not come back.", optional=True
        ),
    ),
    writes=True,
)
async def remove_domain(call: ActionCall) -> dict[str, Any]:
    """Removes a name and those free because of it; money back in the first 30 days."""
    removed = await carry_out_remove(
        call.work,
        RemoveDomain(
            call.reseller.id,
            call.arguments["acmeAccountID"],
            call.arguments["domainName"],
            call.settings.refund.revoke_certificates,
            call.settings.refund.once_per_name_days,
        ),
    )
    refused = {} if removed.refund_refused is None else {"refundRefused": removed.refund_refused}
    return {"success": True, "Domains": [{"domainName": name} for name in removed.names], **refused}


@action(
    "EXTENDDOMAINS",
    _ACCOUNT,
    _QUOTE,
    *TERM,
    answer=(*_CHARGED, answers.number("extensionDurationDays", "365, 730 or 1095.")),
    writes=True,
)
async def extend_domains(call: ActionCall) -> dict[str, Any]:
    """Extends the subscription with all its names, from 100 days before expiry to 30 after."""
    extended = await carry_out_extend(
        call.work,
        Extend(
            reseller_id=call.reseller.id,
            account_id=call.arguments["acmeAccountID"],
            days=term_days(call.arguments),
            policy=_policy(call.settings.subscriptions),
            quote_only=call.arguments["quoteOnly"],
        ),
    )
    return {
        "success": True,
        **_order_number(extended.order_number),
        "cost": extended.cost,
        "currency": extended.currency,
        "extensionDurationDays": extended.days,
    }


@action(
    "UPDATEDOMAINS",
    _ACCOUNT,
    _anchor("ovAnchorOrderNumber", "The new organization pre-validation."),
    _anchor("oldOVAnchorOrderNumber", "The one that the names carry now."),
    _anchor("evAnchorOrderNumber", "The new EV pre-validation to keep with the names."),
    _anchor("oldEVAnchorOrderNumber", "The EV pre-validation kept with the names now."),
    answer=(answers.UPDATED, answers.SUCCESS),
    writes=True,
)
async def update_domains(call: ActionCall) -> dict[str, Any]:
    """Links names to another organization pre-validation; not on DV servers."""
    updated = await subscription_domains.update_domains(
        call.work,
        UpdateDomains(
            call.reseller.id,
            call.arguments["acmeAccountID"],
            call.arguments["ovAnchorOrderNumber"],
            call.arguments["oldOVAnchorOrderNumber"],
            call.arguments["evAnchorOrderNumber"],
            call.arguments["oldEVAnchorOrderNumber"],
        ),
    )
    return {"nRecordsUpdated": updated, "success": True}


@action(
    "LISTDOMAINS",
    _ACCOUNT,
    *PAGING,
    answer=(
        answers.listing(
            "Domains",
            "In the order of adding.",
            answers.NAME,
            answers.instant("expiresAt", "Last second of its subscription."),
            answers.number("ovAnchorOrderNumber", "On OV servers.", optional=True),
            answers.number("evAnchorOrderNumber", "Where one was sent along.", optional=True),
        ),
    ),
)
async def list_domains(call: ActionCall) -> dict[str, Any]:
    """Names of the EAB, each once with its most recent expiry; expired ones too."""
    limit, offset = page_bounds(call.arguments)
    listed = await subscription_domains.list_domains(
        call.work,
        reseller_id=call.reseller.id,
        account_id=call.arguments["acmeAccountID"],
        limit=limit,
        offset=offset,
    )
    return {"Domains": [_listed(domain) for domain in listed]}


def _listed(domain: subscription_domains.ListedDomain) -> dict[str, Any]:
    anchors = {
        "ovAnchorOrderNumber": domain.ov_anchor,
        "evAnchorOrderNumber": domain.ev_anchor,
    }
    return {
        "domainName": domain.name,
        "expiresAt": timestamp(domain.expires_at),
        **{name: number for name, number in anchors.items() if number is not None},
    }


def _order_number(order_number: int | None) -> dict[str, int]:
    return {} if order_number is None else {"orderNumber": order_number}


def _policy(settings: Subscriptions) -> Policy:
    return Policy(
        any_wildcard_ends_free_www=settings.www_free_unless_any_wildcard,
        maximum_days_after_extension=settings.maximum_total_days,
        minimum_days=settings.minimum_days,
    )
