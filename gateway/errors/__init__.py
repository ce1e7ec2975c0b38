"""Errors of the domain, by subject. They know nothing of HTTP; each door has a table of them."""


class GatewayError(Exception):
    """Base of all refusals of use cases."""


class ConfigurationError(GatewayError):
    """The operator's configuration cannot work; the text says what to change."""


class OperatorMistake(GatewayError):
    """A command cannot be carried out as given; the text tells the operator what to change."""


class DetailedError(GatewayError):
    """An error whose `detail` is shown to whoever asked."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(GatewayError):
    """The thing does not exist, or belongs to somebody else."""
