"""The facts that the gate decides on: one text for the four statements that read them."""

from typing import Any

from gateway.db.pool import Record
from gateway.rules.acme.issuance import AccountStanding, GateFacts, SubscriptionFacts
from gateway.rules.organization.links import Anchor, Link
from gateway.rules.organization.organizations import OrganizationDetails
from gateway.rules.organization.prevalidations import Validity

_FACTS = """
               subscription.started_at, subscription.expires_at,
               ARRAY(SELECT domain.name
                       FROM subscription.domain
                      WHERE domain.subscription_id = subscription.id
                        AND domain.name = ANY ({names})
                        AND domain.removed_at IS NULL) AS listed,
               (SELECT server.names = 'public'
                  FROM acme.server
                 WHERE server.id = signer.server_id) AS public_only,
               (SELECT ARRAY(SELECT ROW(link.*)
                               FROM organization.link
                              WHERE link.subscription_id = subscription.id
                                AND link.name = ANY ({names}))
                  FROM acme.server
                 WHERE server.id = signer.server_id AND server.validation = 'OV') AS links
"""


def facts_for(names: str) -> str:
    """The SQL of the columns that `facts_of` reads; `names` is SQL for an array.

    The columns of acme.signer come besides. The statement joins acme.signer, and left joins the
    signer's current subscription.
    """
    return _FACTS.strip().replace("{names}", names)


def standing_of(row: Record) -> AccountStanding:
    """The columns of acme.signer that say whether the account may act."""
    return AccountStanding(
        row["account_status"],
        row["account_suspended"],
        row["eab_status"],
        row["eab_suspended"],
    )


def facts_of(row: Record) -> GateFacts:
    """Reads the facts of the gate from a row.

    They are the standing, the current subscription (started_at, expires_at), and the `listed`
    names. `public_only` is the server's setting. `links` is NULL on DV servers, on OV ones an array
    of rows of organization.link.
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
    subject = OrganizationDetails.from_document(details).subject
    return Link(
        name, Anchor(number, organization_id, Validity(state, valid_from, expires_at), subject)
    )
