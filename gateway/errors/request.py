"""Refusals that every door may give: of a login, a token, an argument, or a repeated key."""

from gateway.errors import GatewayError


class RequestRefusal(GatewayError):
    """An action of the reseller API was refused; nothing was changed."""


class ArgumentMissing(RequestRefusal):
    """E2: an argument is missing. `name` is as the caller spelled it, or as documented."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArgumentInvalid(RequestRefusal):
    """E3: an argument is invalid. `hint` follows the text where that does not say what to do."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint


class IdempotencyKeyInvalid(ArgumentInvalid):
    """E3: the header is not 1 to 255 printable ASCII characters, or was sent more than once."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key")


class ArgumentUnrecognized(RequestRefusal):
    """E1: the argument is unknown."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotBase64url(RequestRefusal):
    """E4: the argument is not base64url."""


class LoginRefused(RequestRefusal):
    """E5: wrong login or password, locked, or blocked address; the text never says which.

    `why` does, and `known` = the login exists: both are for operators only.
    """

    def __init__(self, why: str = "", *, known: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.known = known


class HttpsRequired(RequestRefusal):
    """E6: the request must use HTTPS."""


class PermissionDenied(RequestRefusal):
    """E10: the action is not permitted."""


class IdempotencyKeyReused(RequestRefusal):
    """The same Idempotency-Key came with another request."""


class TooManyLogins(RequestRefusal):
    """More passwords wait to be checked than this process can check soon."""


class TokenRefused(GatewayError):
    """There is no token, or it is unknown, revoked, or used from an address that may not log in.

    `why` says which, and `login` whose it is, for operators only.
    """

    def __init__(self, why: str = "", login: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.login = login
        self.known = login is not None
