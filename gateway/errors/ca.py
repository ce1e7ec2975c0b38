"""Errors of issuers and CRLs."""

from collections.abc import Sequence

from gateway.errors import GatewayError


class IssuerMissing(GatewayError):
    """None of these issuers exists in this process: its settings do not name them any more."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"there is no issuer {' or '.join(names)} in this process")
        self.names = tuple(names)


class NoSuchCrl(GatewayError):
    """No certificate points to a CRL of this number."""
