"""The gate: whether this account may have a certificate for these names now.

It is used at newOrder and again at finalize, with facts read anew each time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors.acme import BadValidity, Refusal
from gateway.rules import public_names
from gateway.rules.organization import links as organization_links
from gateway.rules.organization.links import Link
from gateway.rules.organization.organizations import Subject
from gateway.rules.subscription import terms

_CLOCK_SKEW = timedelta(hours=1)
_SECOND = timedelta(seconds=1)


class SubscriptionFacts(Struct, frozen=True):
    """The current subscription of the EAB credential."""

    started_at: datetime
    expires_at: datetime


class AccountStanding(Struct, frozen=True):
    """Whether the account may act at all: its own status and that of its EAB credential."""

    account_status: str
    account_suspended: bool
    eab_status: str
    eab_suspended: bool


class GateFacts(Struct, frozen=True):
    """The facts of the gate. `listed` are those of the requested names that the subscription has.

    `links` are their pre-validations on OV servers; None on DV servers, which need none.
    """

    standing: AccountStanding
    subscription: SubscriptionFacts | None
    listed: frozenset[str]
    links: tuple[Link, ...] | None = None
    public_only: bool = False
    """The server certifies only names of the public DNS."""

    @property
    def subject(self) -> Subject | None:
        """The organization that a certificate names; None = it is domain validated."""
        return None if self.links is None else organization_links.subject_of(self.links)


def refusals(facts: GateFacts, names: Sequence[str], now: datetime) -> list[Refusal]:
    """Why the gate is closed; empty = it is open (R4, R5, R9, R12, O9).

    Names are lower-case A-labels.
    """
    general = _account_refusal(facts, names) or _subscription_refusal(facts, names, now)
    if general:
        return [general]
    refused = [refusal for name in names if (refusal := _name_refusal(facts, name))]
    if refused or facts.links is None:
        return refused
    return organization_links.link_refusals(facts.links, now)


def late_refusals(
    facts: GateFacts, names: Sequence[str], now: datetime, intended: Subject | None
) -> list[Refusal]:
    """Does as `refusals` for a certificate whose intent was recorded before, about `intended`."""
    refused = refusals(facts, names, now)
    if refused or facts.links is None:
        return refused
    return organization_links.subject_refusal(facts.links, intended)


def standing_refusal(standing: AccountStanding) -> str:
    """Why the account may do nothing now; "" = it may act."""
    if standing.account_status != "valid":
        return f"The account is {standing.account_status}; register a new one."
    if standing.eab_status == "deactivated":
        return (
            "The EAB credential of this account was deactivated; ask your reseller for a new one."
        )
    if standing.account_suspended:
        return "The account is suspended; ask your reseller to reinstate it."
    if standing.eab_suspended:
        return "The EAB credential of this account is suspended; ask your reseller to reinstate it."
    return ""


def validity(
    now: datetime,
    not_before: datetime | None,
    not_after: datetime | None,
    longest: timedelta,
    backdated: timedelta = timedelta(0),
) -> tuple[datetime, datetime]:
    """First and last second of the certificate, never longer than `longest` (counted inclusively).

    It begins as long before `now` as `backdated` says, or later so that it reaches the requested
    end. Raises BadValidity when the client asked for dates that do not fit (RFC 8555 §7.4).
    """
    start = (not_before or _backdated(now, not_after, longest, backdated)).replace(microsecond=0)
    if start < now - max(_CLOCK_SKEW, backdated) - _SECOND:
        raise BadValidity("notBefore lies in the past.")
    if start > now + _CLOCK_SKEW:
        raise BadValidity("notBefore lies in the future; certificates start when they are issued.")
    latest = start + longest - _SECOND
    end = (not_after or latest).replace(microsecond=0)
    if end > latest:
        raise BadValidity(
            f"notAfter is too late: this profile allows {longest.total_seconds() / 86400:g} days, "
            f"until {_instant(latest)}."
        )
    if end <= max(start, now):
        raise BadValidity("notAfter must lie after notBefore and in the future.")
    return start, end


def _backdated(
    now: datetime, not_after: datetime | None, longest: timedelta, backdated: timedelta
) -> datetime:
    if not_after is None:
        return now - backdated
    spare = longest - _SECOND - (not_after - now)
    return now - min(backdated, max(spare, timedelta(0)))


def _account_refusal(facts: GateFacts, names: Sequence[str]) -> Refusal | None:
    text = standing_refusal(facts.standing)
    return Refusal("account", tuple(names), _with_names(names, text)) if text else None


def _subscription_refusal(facts: GateFacts, names: Sequence[str], now: datetime) -> Refusal | None:
    subscription = facts.subscription
    if subscription is None:
        return Refusal(
            "not_started",
            tuple(names),
            _with_names(
                names,
                "There is no subscription yet; it starts when your reseller adds the first domain.",
            ),
        )
    if now < subscription.started_at:
        text = f"The subscription starts only on {_instant(subscription.started_at)}."
        return Refusal("not_started", tuple(names), _with_names(names, text))
    state = terms.state(subscription.expires_at, now)
    if state == "active":
        return None
    expired = f"The subscription expired on {_instant(subscription.expires_at)}"
    if state == "grace":
        until = _instant(terms.grace_ends(subscription.expires_at))
        text = f"{expired} and can be extended until {until}; ask your reseller to extend it."
    else:
        text = (
            f"{expired} and can no longer be extended; "
            "ask your reseller to add the names to a new subscription."
        )
    return Refusal(state, tuple(names), _with_names(names, text))


def _name_refusal(facts: GateFacts, name: str) -> Refusal | None:
    if facts.public_only and (why := public_names.objection(name)):
        text = f"No public CA may certify {name}: {why}."
        return Refusal("not_public", (name,), text, concerns_name_only=True)
    return None if name in facts.listed else _not_listed(name)


def _not_listed(name: str) -> Refusal:
    return Refusal(
        "not_listed",
        (name,),
        f"{name} is not in the subscription; ask your reseller to add it.",
        concerns_name_only=True,
    )


def _with_names(names: Sequence[str], text: str) -> str:
    return f"No certificate can be issued for {', '.join(names)}. {text}"


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
