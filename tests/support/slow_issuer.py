"""An issuer that needs time, as an upstream CA does, and signs with a local CA.

Its record is a directory that outlives any process, like an upstream CA's database: per order the
number of requests, and the certificate. So an order has one certificate, in spite of restarts.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from gateway.ca.issuer import (
    CertificateRequest,
    Failed,
    Issued,
    Issuer,
    Kind,
    Pending,
    RevocationRelay,
)
from gateway.ca.issuers import KINDS
from gateway.ca.local.issuer import LocalCa
from gateway.ca.local.kind import LOCAL
from gateway.config import Settings
from tests.support.gateway import RunningGateway

UPSTREAM = "upstream"


class SlowIssuer(RevocationRelay):
    """Answers Pending `pending_answers` times and for `seconds` of real time, then signs.

    With `failure` set it refuses from then on, except for orders that have their certificate.
    """

    def __init__(
        self,
        ca: LocalCa,
        directory: Path,
        *,
        pending_answers: int = 1,
        seconds: float = 0.0,
        retry_after_seconds: float = 0.1,
        failure: str | None = None,
    ) -> None:
        self.id, self.name = ca.id, ca.name
        self.pending_answers, self.seconds = pending_answers, seconds
        self.retry_after_seconds, self.failure = retry_after_seconds, failure
        self._ca, self._directory = ca, directory
        directory.mkdir(parents=True, exist_ok=True)

    async def issue(
        self, request: CertificateRequest, state: dict[str, Any] | None
    ) -> Issued | Pending | Failed:
        """Signs, or gives Pending; `state` holds an upstream CA's id of the order."""
        expected = {"order": str(request.order_id)}
        assert state in (None, expected), f"the state of another order came back: {state}"
        with self._record(request.order_id) as record:
            record["asked"] = record.get("asked", 0) + 1
            record.setdefault("since", time.time())
            if "issued" not in record:
                if self.failure is not None:
                    return Failed(self.failure)
                waited = time.time() - record["since"]
                if record["asked"] <= self.pending_answers or waited < self.seconds:
                    return Pending(expected, self.retry_after_seconds)
                record["issued"] = msgspec.to_builtins(self._ca.issue_now(request))
            return msgspec.convert(record["issued"], Issued)

    async def revoke(self, serial: str, reason: int, revoked_at: Any) -> None:
        """Records the revocation in a file, for tests to read."""
        (self._directory / f"{serial}.revoked").write_text(f"{reason}\n{revoked_at.isoformat()}\n")

    def chain_pem(self) -> bytes:
        return self._ca.chain_pem()

    def asked(self, order_id: UUID) -> int:
        """How often this order's certificate was asked for, by all processes."""
        with self._record(order_id) as record:
            count: int = record.get("asked", 0)
            return count

    def revoked(self) -> dict[str, int]:
        """The revocations: reason by serial number."""
        return {
            file.stem: int(file.read_text().split()[0])
            for file in self._directory.glob("*.revoked")
        }

    @contextmanager
    def _record(self, order_id: UUID) -> Iterator[dict[str, Any]]:
        """Locks an order's record for one process, and stores it changed."""
        descriptor = os.open(self._directory / f"{order_id}.json", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read()
            record: dict[str, Any] = json.loads(text) if text else {}
            yield record
            file.seek(0)
            file.truncate()
            json.dump(record, file)


@contextmanager
def slow_kind(directory: Path, **options: Any) -> Iterator[None]:
    """Gives gateways that start within the block the issuer UPSTREAM beside those of settings.

    Its root and keys are those of a further local CA.
    """

    async def open_one(settings: Settings, name: str) -> Issuer:
        ca = await LOCAL.open(settings, name)
        assert isinstance(ca, LocalCa)
        return SlowIssuer(ca, directory, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            KINDS, "slow", Kind("slow", lambda: SlowIssuer, lambda _: [UPSTREAM], open_one)
        )
        yield


def upstream_of(gateway: RunningGateway) -> SlowIssuer:
    """The slow issuer of a gateway that was started within `slow_kind`."""
    issuer = gateway.services.issuers.find(UPSTREAM)
    assert isinstance(issuer, SlowIssuer)
    return issuer
