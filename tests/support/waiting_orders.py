"""Orders of a customer that wait for validation, and the services that a Validator needs."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet
from msgspec import structs

from gateway import ids
from gateway.ca.issuers import Issuers
from gateway.ca.local.issuer import LocalCa
from gateway.clock import SystemClock
from gateway.config import Ca, Secret, Secrets, Settings, Validation
from gateway.db.pool import Pool
from gateway.sandbox.clock import SandboxClock
from gateway.services import Services
from gateway.store.acme import challenges, new_orders, orders
from gateway.store.acme.challenges import Attempt
from gateway.store.acme.new_orders import OfferedAuthorization
from gateway.validation.challenge import METHODS, offered
from gateway.validation.dns import FixedResolver, Resolver
from gateway.vault import Vault

ACCOUNT = "waiting"
THUMBPRINT = "thumbprint"


@dataclass(frozen=True, slots=True)
class Proof:
    """One challenge of one name; its authorization may have others."""

    challenge_id: UUID
    authorization_id: UUID
    name: str
    type: str
    token: str

    @property
    def path(self) -> str:
        return f"/.well-known/acme-challenge/{self.token}"

    @property
    def content(self) -> bytes:
        return f"{self.token}.{THUMBPRINT}".encode()


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order with the challenges to prove it, by (name, type)."""

    id: UUID
    proofs: dict[tuple[str, str], Proof]

    def http(self, name: str) -> Proof:
        return self.proofs[name, "http-01"]

    def dns(self, name: str) -> Proof:
        return self.proofs[name, "dns-01"]


class ValidationOrders:
    """Makes orders in the database, and reads what became of them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.pool = services.pool

    def with_settings(self, **validation: Any) -> Services:
        """The same services under other settings of section `validation`."""
        section = structs.replace(self.services.settings.validation, **validation)
        settings = structs.replace(self.services.settings, validation=section)
        return replace(self.services, settings=settings)

    def with_resolver(self, resolver: Resolver) -> Services:
        return replace(self.services, resolver=resolver)

    async def order(self, *names: str) -> WaitingOrder:
        """A new pending order; wildcards begin with "*."."""
        now = await self.services.clock.now()
        order_id, authorizations, proofs = ids.new_id(), [], {}
        for name in names:
            base = name.removeprefix("*.")
            made = OfferedAuthorization(
                ids.new_id(),
                base,
                base != name,
                [
                    (ids.new_id(), kind, ids.new_challenge_token())
                    for kind in offered(base != name, list(METHODS))
                ],
            )
            authorizations.append(made)
            for challenge_id, kind, token in made.challenges:
                proofs[name, kind] = Proof(challenge_id, made.id, base, kind, token)
        order = orders.Order(
            id=order_id,
            account_id=ACCOUNT,
            status="pending",
            profile="classic",
            not_before=None,
            not_after=None,
            expires_at=now + timedelta(days=7),
            error=None,
            names=list(names),
            authorization_ids=[authorization.id for authorization in authorizations],
        )
        await new_orders.place(self.pool, order, authorizations, now, None)
        return WaitingOrder(order_id, proofs)

    async def answer(self, proof: Proof, lease_seconds: float = 60) -> Attempt:
        """Does what the client's POST does before the Validator is called."""
        begun = await challenges.start_attempt(self.pool, proof.challenge_id, lease_seconds)
        assert begun is not None
        return begun

    async def challenge(self, proof: Proof) -> dict[str, Any]:
        return await self._row(
            """
            SELECT *, leased_until <= clock_timestamp() AS abandoned
              FROM acme.challenge
             WHERE id = $1
            """,
            proof.challenge_id,
        )

    async def authorization(self, proof: Proof) -> dict[str, Any]:
        return await self._row(
            "SELECT * FROM acme.authorization WHERE id = $1", proof.authorization_id
        )

    async def order_row(self, order: WaitingOrder) -> dict[str, Any]:
        return await self._row('SELECT * FROM acme."order" WHERE id = $1', order.id)

    async def _row(self, statement: str, wanted: UUID) -> dict[str, Any]:
        row = await self.pool.fetchrow(statement, wanted)
        assert row is not None
        return dict(row)

    async def statuses(self, order: WaitingOrder, proof: Proof) -> tuple[str, str, str]:
        """The statuses of challenge, authorization and order."""
        return (
            (await self.challenge(proof))["status"],
            (await self.authorization(proof))["status"],
            (await self.order_row(order))["status"],
        )

    async def audited(self, subject: UUID) -> list[tuple[str, Any]]:
        """(action, after) of the Validator's events, oldest first."""
        rows = await self.pool.fetch(
            """
            SELECT action, after
              FROM audit.event
             WHERE subject = $1 AND actor = 'gateway:validation'
             ORDER BY id
            """,
            str(subject),
        )
        return [(row["action"], row["after"]) for row in rows]


async def open_waiting(pool: Pool, directory: Path, http_port: int) -> ValidationOrders:
    """An account with a key, on a sandbox whose names are all on the loopback."""
    key = Fernet.generate_key().decode()
    settings = Settings(
        database="postgresql://unused",
        public_url="https://gateway.example.com",
        sandbox=True,
        secrets=Secrets(keys=[Secret(key)]),
        ca=Ca(directory=directory),
        validation=Validation(
            http_port=http_port,
            allow_private_addresses=True,
            timeout_seconds=3,
            retry_delays_seconds=[],
        ),
    )
    await _add_account(pool)
    ca = LocalCa.create_or_load(
        directory, await SystemClock().now(), base_url="http://gateway.example.com"
    )
    return ValidationOrders(
        Services(
            settings,
            pool,
            SandboxClock(pool),
            Vault([key]),
            Issuers([ca]),
            FixedResolver("127.0.0.1"),
        )
    )


async def _add_account(pool: Pool) -> None:
    await pool.execute(
        """
        WITH server AS (
            INSERT INTO acme.server (id, name, path, validation, product_id, description, position)
            VALUES ($1, 'waiting', '/waiting', 'DV', 608, 'for tests', 99)
            RETURNING id
        ), seller AS (
            INSERT INTO reseller.account (id, login, password_hash, created_at)
            VALUES ($2, 'waiting', 'none', $5)
            RETURNING id
        ), credential AS (
            INSERT INTO subscription.eab_credential
                   (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
            SELECT $3, seller.id, server.id, '', 365, $5
              FROM server, seller
        )
        INSERT INTO acme.account (id, kid, server_id, status, jwk, thumbprint, created_at)
        SELECT $3, $3, id, 'valid', '{}', $4, $5
          FROM server
        """,
        ids.new_id(),
        ids.new_id(),
        ACCOUNT,
        THUMBPRINT,
        await SystemClock().now(),
    )
