"""A customer of the SSL certificate API over real HTTPS, and the operator beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.usecases.money.prices import set_price
from gateway.usecases.reseller import api_tokens, resellers
from gateway.usecases.ssl import coupons, unsubscription
from gateway.usecases.ssl import reviews as ssl_reviews
from gateway.usecases.ssl.articles import articles_of
from gateway.usecases.work import open_reading, open_work
from tests.support.challenge_server import ChallengeServer
from tests.support.csrs import csr, key
from tests.support.shop import OPERATOR

NAME = "www.example.com"
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """Status and JSON of an answer."""

    status: int
    json: Any

    @property
    def code(self) -> str:
        return str(self.json["error_code"])


@dataclass
class CertificateShop:
    """Drives the API with a token; `gateway` is the fixture of that name."""

    gateway: Any
    token: str
    login: str
    web: ChallengeServer | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.gateway.url}/v3/scm/certificates"

    async def send(self, method: str, path: str = "", **options: Any) -> Answer:
        headers = {"X-Auth-Token": self.token, **self.headers, **options.pop("headers", {})}
        async with self.gateway.session.request(
            method, f"{self.url}{path}", headers=headers, **options
        ) as response:
            return Answer(response.status, await response.json())

    async def do(self, method: str, path: str = "", **options: Any) -> Any:
        """The JSON of a request that must succeed."""
        answer = await self.send(method, path, **options)
        assert answer.status == 200, answer
        return answer.json

    async def buy(self, *names: str, **members: Any) -> str:
        """A new DV certificate of 12 months; gives its cert_id."""
        bought = await self.do("POST", json=purchase(*names, **members))
        return str(bought["cert_id"])

    async def apply(self, cert_id: str, *names: str, **members: Any) -> Any:
        return await self.do("POST", f"/{cert_id}/apply", json=application(*names, **members))

    async def prove(self, cert_id: str, applied: Any) -> None:
        """Puts in place what the answer to an application asks for, by http-01."""
        assert self.web is not None
        for proof in applied["domain_validation"]:
            token = proof["location"].rpartition("/")[2]
            self.web.responses[token] = proof["value"]

    async def issue(self, *names: str, **members: Any) -> str:
        """Buys, applies, proves; gives the cert_id of an issued certificate."""
        cert_id = await self.buy(*names, **members)
        return await self.get_issued(cert_id, *names)

    async def get_issued(self, cert_id: str, *names: str) -> str:
        await self.prove(cert_id, await self.apply(cert_id, *names, domain_method="FILE"))
        await self.until(cert_id, "ISSUED")
        return cert_id

    async def revoke(self, cert_id: str) -> None:
        """Revokes, and waits until that is complete."""
        await self.do("POST", f"/{cert_id}/revoke")
        await self.until(cert_id, "REVOKED")

    async def show(self, cert_id: str) -> Any:
        return await self.do("GET", f"/{cert_id}")

    async def status(self, cert_id: str) -> str:
        return str((await self.show(cert_id))["status"])

    async def until(self, cert_id: str, *statuses: str) -> Any:
        """Waits until background work has brought the certificate to one of `statuses`."""

        async def there() -> Any:
            shown = await self.show(cert_id)
            if shown["status"] == "REVOKING":
                await self._fetch_crls(shown["certificate"])
            return shown if shown["status"] in statuses else None

        return await eventually(there)

    async def unsubscribe(self, cert_id: str) -> int:
        """Unsubscribes by the vendor's call without a body; gives the unsubscription's number."""
        answer = await self.do("DELETE", f"/{cert_id}/unsubscribe")
        return int(answer["unsubscribe_results"].split()[1])

    async def approve(self, number: int) -> Decimal:
        """Approves an unsubscription as an operator; gives the amount paid back."""
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            return await unsubscription.approve(work, number)

    async def reject(self, number: int, reason: str = "") -> None:
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await unsubscription.reject(work, number, reason)

    async def approve_organization(self, cert_id: str) -> None:
        services = self.gateway.services
        now = await services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await ssl_reviews.approve(work, services.settings, cert_id)

    async def reject_organization(self, cert_id: str, reason: str) -> None:
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await ssl_reviews.reject(work, cert_id, reason)

    async def coupon(self, amount: str, **options: Any) -> str:
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            return await coupons.add_coupon(
                work, login=self.login, amount=Decimal(amount), **options
            )

    async def set_price(self, yearly: str) -> None:
        """Sets this reseller's price of a DV name in a LOCAL certificate."""
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            [article] = await articles_of(work, "LOCAL", "DV_SSL_CERT", ["fqdn"])
            await set_price(
                work,
                login=self.login,
                article=article,
                amount=Decimal(yearly),
            )

    async def balance(self) -> Decimal:
        now = await self.gateway.services.clock.now()
        async with open_reading(self.gateway.pool, now, OPERATOR) as work:
            balances = {
                summary.login: summary.balance for summary in await resellers.list_resellers(work)
            }
        return balances[self.login]

    async def second(self, login: str, deposit: str = "10000.00") -> "CertificateShop":
        """Adds another reseller, with its own token."""
        now = await self.gateway.services.clock.now()
        async with open_work(self.gateway.pool, now, OPERATOR) as work:
            await resellers.add_reseller(work, login=login, password="secret")
            if Decimal(deposit) > 0:
                await resellers.deposit(work, login, Decimal(deposit))
        return await shop_of(self.gateway, login, self.web)

    async def state(self) -> dict[str, list[str]]:
        """Everything that moves with an operation, for a comparison before and after."""
        tables = (
            "reseller.account",
            "reseller.purchase",
            "reseller.ledger_entry",
            'ssl."order"',
            "ssl.application",
            "ssl.proof",
            "ssl.unsubscription",
            "ssl.coupon",
            "ca.revocation",
        )
        async with self.gateway.pool.acquire() as connection:
            return {
                table: sorted(
                    str(row[0]) for row in await connection.fetch(f"SELECT t::text FROM {table} t")
                )
                for table in tables
            }

    async def events(self, action: str) -> int:
        number: int = await self.gateway.pool.fetchval(
            "SELECT count(*) FROM audit.event WHERE action = $1", action
        )
        return number

    async def mismatches(self) -> int:
        number: int = await self.gateway.pool.fetchval("SELECT count(*) FROM ops.ledger_mismatch")
        return number

    async def _fetch_crls(self, certificate: str) -> None:
        """Fetches the complete CRL and the certificate's, which makes them before the job does."""
        for path in ("/crl/local.crl", crl_path(certificate)):
            async with self.gateway.session.get(f"{self.gateway.plain_url}{path}") as response:
                assert response.status == 200
                await response.read()


async def shop_of(gateway: Any, login: str, web: ChallengeServer | None = None) -> CertificateShop:
    """Makes a client of the API for a reseller, with a new token."""
    now = await gateway.services.clock.now()
    async with open_work(gateway.pool, now, OPERATOR) as work:
        token = await api_tokens.new_token(work, login)
    return CertificateShop(gateway, token, login, web)


def purchase(*names: str, **members: Any) -> dict[str, Any]:
    """The JSON that buys a certificate."""
    return {
        "brand": "LOCAL",
        "type": "DV_SSL_CERT",
        "domains": list(names or (NAME,)),
        "validity_period": 12,
        **members,
    }


def application(*names: str, **members: Any) -> dict[str, Any]:
    """The JSON that applies for it."""
    return {"csr": pem(*names), **members}


def pem(*names: str, kind: str = "P-256") -> str:
    der = csr(names or (NAME,), signer=key(kind))
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM).decode()


def crl_path(certificate: str) -> str:
    """The path of the CRL that a certificate (PEM) points to."""
    leaf = x509.load_pem_x509_certificate(certificate.encode())
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [name] = points[0].full_name or []
    return urlsplit(str(name.value)).path


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """Calls `look` until it gives something, because background work takes time; gives that."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.05)
