"""The URLs below a server's directory."""

from uuid import UUID

from msgspec import Struct

from gateway.rules.acme.account_url import account_url


class Urls(Struct, frozen=True):
    """Makes URLs of resources; all lie below `directory`, the directory's own URL."""

    directory: str

    def resource(self, name: str) -> str:
        return f"{self.directory}/{name}"

    def account(self, account_id: str) -> str:
        return account_url(self.directory, account_id)

    def account_id(self, url: str) -> str | None:
        """The account that a `kid` names; None = it is no account URL of this server."""
        prefix = account_url(self.directory, "")
        return url[len(prefix) :] if url.startswith(prefix) else None

    def orders(self, account_id: str) -> str:
        return f"{self.directory}/account/{account_id}/orders"

    def order(self, order_id: UUID) -> str:
        return f"{self.directory}/order/{order_id}"

    def finalize(self, order_id: UUID) -> str:
        return f"{self.directory}/order/{order_id}/finalize"

    def authorization(self, authorization_id: UUID) -> str:
        return f"{self.directory}/authz/{authorization_id}"

    def challenge(self, challenge_id: UUID) -> str:
        return f"{self.directory}/chall/{challenge_id}"

    def certificate(self, order_id: UUID, chain: int = 0) -> str:
        """A certificate with a chain: 0 = the usual one, otherwise the number of an alternate."""
        query = f"?chain={chain}" if chain else ""
        return f"{self.directory}/cert/{order_id}{query}"
