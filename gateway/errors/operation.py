"""Refusals of people at the console, and of what operators ask for."""

from gateway.errors import DetailedError, GatewayError, OperatorMistake


class SessionNeeded(GatewayError):
    """Nobody is signed in, or the session has ended."""


class FormForged(GatewayError):
    """A form did not come from a page of this session: another site may have sent it."""


class RoleForbids(GatewayError):
    """The operator's role does not allow it."""


class SelectionMistake(OperatorMistake):
    """What an operator wants to revoke at once cannot be selected; `part` is the field at fault."""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(text)
        self.part = part


class SelectionChanged(DetailedError):
    """Not as many certificates would be revoked as were shown; the text names both numbers."""


class FactorRefused(GatewayError):
    """A code or a passkey was wrong, was taken before, or the login is locked.

    `why` says which, for operators only; `known` as of LoginRefused.
    """

    def __init__(self, why: str = "", *, known: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.known = known


class FactorNotShown(GatewayError):
    """What is asked for needs a second factor that was shown in this session just now."""


class FactorNeeded(GatewayError):
    """The settings ask operators for a second factor, and this one has none yet."""


class FactorNotAdded(DetailedError):
    """A second factor cannot be added as asked."""
