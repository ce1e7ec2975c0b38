"""Who calls: loginName and loginPassword of every request (E5, E10)."""

from datetime import datetime

from gateway.doors.reseller.parameters import Caller
from gateway.errors import PermissionDenied
from gateway.passwords import PasswordChecker
from gateway.services import Services
from gateway.usecases.reseller.logins import LoginAttempt, log_in


class Authenticator:
    """One per process; it remembers for a moment which passwords were right."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.checker = PasswordChecker()

    async def authenticate(
        self, now: datetime, *, login: str, password: str, address: str | None
    ) -> Caller:
        """Raises LoginRefused (E5) or TooManyLogins."""
        state = await log_in(
            self._services.pool,
            self.checker,
            self._services.settings.logins,
            now,
            LoginAttempt(login, password, address),
        )
        return Caller(state.id, state.login, state.status, state.currency, state.renewal_mode)


def require_permission(caller: Caller) -> None:
    """E10 for a reseller that the operator suspended; checked after the values, before any rule."""
    if caller.status != "active":
        raise PermissionDenied
