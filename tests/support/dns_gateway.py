"""A gateway under test that asks a real name server, where names do not all resolve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.config import Ca, Validation
from tests.support.dns_server import DnsServer
from tests.support.gateway import CRL_URL, RunningGateway, free_ports, running_gateway

CAA_IDENTITY = "ca.example.net"


@asynccontextmanager
async def gateway_with_dns(
    database: str, directory: Path, dns: DnsServer, **validation: Any
) -> AsyncIterator[RunningGateway]:
    """`validation` are further settings of that section; nothing is tried twice by default."""
    http_port, tls_port = free_ports(2)
    given: dict[str, Any] = {
        "http_port": http_port,
        "tls_port": tls_port,
        "resolvers": [dns.address],
        "allow_private_addresses": True,
        "timeout_seconds": 2,
        "retry_delays_seconds": [],
    }
    sections: dict[str, Any] = {
        "ca": Ca(directory=directory / "ca", crl_url=CRL_URL, caa_identities=[CAA_IDENTITY]),
        "validation": Validation(**{**given, **validation}),
    }
    async with running_gateway(database, directory, **sections) as running:
        yield running
