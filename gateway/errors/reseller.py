"""What a reseller's login, token or arguments are refused with."""

from gateway.errors import GatewayError


class ResellerRefusal(GatewayError):
    """An action of the reseller API was refused; nothing was changed."""


class ArgumentMissing(ResellerRefusal):
    """E2. `name` is the argument as the caller spelled it, or as documented."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArgumentInvalid(ResellerRefusal):
    """E3. `hint` is told after the text of it, where that alone does not say what to do."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint


class IdempotencyKeyInvalid(ArgumentInvalid):
    """E3: the header is not 1 to 255 printable ASCII characters, or was sent more than once."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key")


class ArgumentUnrecognized(ResellerRefusal):
    """E1."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotBase64url(ResellerRefusal):
    """E4."""


class LoginRefused(ResellerRefusal):
    """E5: wrong login or password, locked, or blocked address; never says which.

    `why` does, and `known` says that the login exists: for operators only.
    """

    def __init__(self, why: str = "", *, known: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.known = known


class HttpsRequired(ResellerRefusal):
    """E6."""


class PermissionDenied(ResellerRefusal):
    """E10."""


class IdempotencyKeyReused(ResellerRefusal):
    """The same Idempotency-Key came with another request."""


class TooManyLogins(ResellerRefusal):
    """More passwords wait to be checked than this process can check soon."""


class TokenRefused(GatewayError):
    """No token, an unknown or revoked one, or from an address that may not log in.

    `why` says which, and `login` whose it is, for operators only.
    """

    def __init__(self, why: str = "", login: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.login = login
        self.known = login is not None
