"""What operators may do at the console, by role."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """The kinds of operators."""

    ADMIN = "admin"
    SUPPORT = "support"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a page asks of an operator's role."""

    LOOK = "look"
    """See what there is: resellers, names, orders, certificates, queues, jobs."""
    AUDIT = "audit"
    """Read and export the audit trail."""
    REVIEW = "review"
    """Decide on organizations, pre-validations and unsubscriptions."""
    REVOKE = "revoke"
    """Revoke certificates; suspend and reinstate credentials and accounts."""
    JOBS = "jobs"
    """Retry background work and deliveries."""
    RESELLERS = "resellers"
    """Add and change resellers, their organizations and their tokens."""
    MONEY = "money"
    """Book deposits."""
    PRICES = "prices"
    """Set prices."""
    OPERATORS = "operators"
    """Add, change and suspend operators."""


MAY: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.SUPPORT: frozenset(
        {
            Permission.LOOK,
            Permission.REVIEW,
            Permission.REVOKE,
            Permission.JOBS,
        }
    ),
    Role.AUDITOR: frozenset({Permission.LOOK, Permission.AUDIT}),
}
"""The one table of what each role may do."""


def may(role: Role, permission: Permission) -> bool:
    """Does the role allow it?"""
    return permission in MAY[role]
