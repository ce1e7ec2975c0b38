"""Refusals of people at the console, before a use case is asked."""

from gateway.errors import GatewayError


class SessionNeeded(GatewayError):
    """Nobody is signed in, or the session has ended."""


class FormForged(GatewayError):
    """A form did not come from a page of this session: another site may have sent it."""


class RoleForbids(GatewayError):
    """The operator's role does not allow it."""
