"""What a reseller can do about a refusal, by its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal["add", "extend", "subscription", ""]


@dataclass(frozen=True, slots=True)
class Cure:
    """What to do; `where` is the page on which it is done, "" = it is not done there."""

    text: str
    where: Where = ""


_NEW_PREVALIDATION = Cure(
    "Order a new pre-validation of the organization, and assign the names to it."
)

CURES: Mapping[str, Cure] = {
    "not_listed": Cure("Add the name to the subscription.", "add"),
    "not_started": Cure("Add the name: the first one starts the subscription.", "add"),
    "grace": Cure("Extend the subscription.", "extend"),
    "expired": Cure("Add the name anew: that starts a new subscription.", "add"),
    "account": Cure("Reinstate the account, or let the client register anew.", "subscription"),
    "account_refused": Cure(
        "Reinstate the account, or let the client register anew.", "subscription"
    ),
    "eab_refused": Cure(
        "Give the customer directory URL, key id and MAC key anew; they belong together.",
        "subscription",
    ),
    "not_public": Cure("No public CA certifies such a name: use another one."),
    "caa": Cure("Change the CAA records of the domain so that they allow this CA, or remove them."),
    "proof_failed": Cure(
        "Mend what the text says (DNS, web server or firewall of the name), and let the client"
        " try again."
    ),
    "prevalidation_missing": Cure(
        "Remove the name, and add it again with a valid pre-validation.", "subscription"
    ),
    "prevalidation_expired": _NEW_PREVALIDATION,
    "prevalidation_rejected": _NEW_PREVALIDATION,
    "prevalidation_superseded": _NEW_PREVALIDATION,
    "prevalidation_not_begun": Cure("Wait until the pre-validation begins."),
    "prevalidation_requested": Cure("Wait until the pre-validation is approved."),
    "prevalidation_in_validation": Cure("Wait until the pre-validation is approved."),
    "organizations_differ": Cure(
        "Order a certificate for each organization, or assign the names to one pre-validation."
    ),
    "organization_changed": Cure("Let the client place a new order."),
}

_ANY = Cure("The text says what to change in the request.")


def cure_of(reason: str) -> Cure:
    """The cure of a refusal."""
    return CURES.get(reason, _ANY)
