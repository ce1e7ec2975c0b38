"""Logging in by the fields of a form: loginName and loginPassword of every request (E5)."""

from gateway.passwords import PasswordChecker
from gateway.services import Services
from gateway.usecases.reseller.logins import LoginAttempt, log_in
from gateway.web.door import Caller, Exchange
from gateway.web.forms import Parameter, text

LOGIN = (
    Parameter("loginName", text(64), required=True, description="Login; case-sensitive."),
    Parameter("loginPassword", text(128), required=True, description="Case-sensitive."),
)


class PasswordLogin:
    """Authenticates by login name and password; remembers right passwords for a moment."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.checker = PasswordChecker()

    async def __call__(self, exchange: Exchange) -> Caller:
        """The caller; raises ArgumentMissing, ArgumentInvalid, LoginRefused (E5), TooManyLogins."""
        assert exchange.form is not None
        values = exchange.form.arguments(LOGIN)
        state = await log_in(
            self._services.pool,
            self.checker,
            self._services.settings.logins,
            await self._services.clock.now(),
            LoginAttempt(values["loginName"], values["loginPassword"], exchange.address),
        )
        return Caller(state.id, state.login, state.status)
