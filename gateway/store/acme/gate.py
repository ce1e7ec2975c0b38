"""Reading what the gate decides on from a row of any statement that joins acme.signer."""

from typing import Any

from gateway.db.pool import Record
from gateway.rules.acme.issuance import GateFacts, Standing, SubscriptionFacts
from gateway.rules.organization.links import Anchor, Link
from gateway.rules.organization.organizations import Details
from gateway.rules.organization.prevalidation import Validity


def standing_of(row: Record) -> Standing:
    """The columns of acme.signer that say whether the account may act."""
    return Standing(
        row["account_status"],
        row["account_suspended"],
        row["eab_status"],
        row["eab_suspended"],
    )


def facts_of(row: Record) -> GateFacts:
    """Standing, the current subscription (started_at, expires_at), and the `listed` names.

    `public_only` is what the server says. `links` is NULL on DV servers, on OV ones an array of
    rows of organization.link.
    """
    subscription = None
    if row["started_at"] is not None:
        subscription = SubscriptionFacts(row["started_at"], row["expires_at"])
    links = row["links"]
    return GateFacts(
        standing_of(row),
        subscription,
        frozenset(row["listed"]),
        None if links is None else tuple(_link(*link) for link in links),
        row["public_only"],
    )


def _link(
    _subscription_id: Any,
    name: str,
    number: int | None,
    state: str,
    valid_from: Any,
    expires_at: Any,
    organization_id: Any,
    details: Any,
) -> Link:
    if number is None:
        return Link(name, None)
    subject = Details.from_document(details).subject
    return Link(
        name, Anchor(number, organization_id, Validity(state, valid_from, expires_at), subject)
    )
