"""The settings; gateway.config.sources fills them.

Structs of msgspec, which the driver's pool loads anyway: every command reads its settings, and a
pydantic model would cost half a second of CPU before it has read any.
"""

from gateway.config.background import Jobs, Notices, Retention
from gateway.config.checks import check_public_url
from gateway.config.issuance import Ca, Issuance, Validation
from gateway.config.listeners import Console, Directory, Listen, Logins
from gateway.config.sales import Prevalidations, Refund, Subscriptions
from gateway.config.section import Secret
from gateway.config.settings import Secrets, Settings

__all__ = [
    "Ca",
    "Console",
    "Directory",
    "Issuance",
    "Jobs",
    "Listen",
    "Logins",
    "Notices",
    "Prevalidations",
    "Refund",
    "Retention",
    "Secret",
    "Secrets",
    "Settings",
    "Subscriptions",
    "Validation",
    "check_public_url",
]
