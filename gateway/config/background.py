"""The settings of work in the background: notices, jobs, and clean-up."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.config.section import AnyNumber, AtLeastOne, MailAddress, Positive, Secret, Section


class Notices(Section, frozen=True):
    """Notices to resellers by webhook and e-mail."""

    low_balance: AnyNumber = 100
    """A purchase that takes the balance below this makes a notice; resellers may set their own."""
    smtp_host: str | None = None
    """Mail server that accepts our mail; without one no mail is sent."""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: Secret | None = None
    sender: MailAddress | None = None
    """Sender address; default: notices@ and the host of public_url."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Limit for one attempt."""
    retry_delays_seconds: Annotated[list[Positive], Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: [5, 30, 300, 1800, 7200, 18000, 36000]
    )
    """Pauses after failed attempts; the last one repeats."""
    retry_hours: Positive = 72.0
    """After this time without success a destination is parked."""


class Jobs(Section, frozen=True):
    """Background work."""

    attempts: AtLeastOne = 8
    """After so many failures a unit waits for an operator (`gateway jobs retry`)."""
    first_retry_seconds: Positive = 5.0
    """Pause before the second attempt; each further one is twice as long, up to ten minutes."""
    takeover_seconds: Annotated[float, Meta(ge=2)] = 6.0
    """This long after a process died, another takes its units over."""


class Retention(Section, frozen=True):
    """How long finished things stay in the database."""

    order_days: AtLeastOne = 90
    """Orders without a certificate, and their authorizations, counted from their end."""
    issued_order_days: AtLeastOne = 1200
    """Orders with a certificate, counted from the later end of the two; GETLASTORDER shows them."""
    refusal_days: AtLeastOne = 90
    """Refusals of clients and resellers (ops.refusals)."""
    job_days: AtLeastOne = 30
    """The log of background work, and lists of bulk revocations that have ended."""
    notice_days: Annotated[int, Meta(ge=7)] = 400
    """Delivered and skipped notices; until then they can be replayed."""
