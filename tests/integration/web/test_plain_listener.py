"""The plain-HTTP listener: CRLs and CA certificates, and nothing else (E6)."""

import pytest

from tests.support.gateway import RunningGateway


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT"])
@pytest.mark.parametrize(
    "path", ["/", "/v2/DV", "/v2/DV/newNonce", "/products/!ACMEAdmin", "/health/live", "/crl/"]
)
async def test_the_plain_listener_answers_everything_else_with_https_required(
    gateway: RunningGateway, method: str, path: str
) -> None:
    async with gateway.session.request(method, gateway.plain_url + path) as response:
        assert response.status == 403
        if method != "HEAD":
            assert (await response.json())["detail"] == "Use of HTTPS is REQUIRED!"


@pytest.mark.parametrize("path", ["/crl/local.crl", "/ca/local.pem", "/ca/local.der"])
async def test_crls_and_ca_certificates_come_by_http_and_https(
    gateway: RunningGateway, path: str
) -> None:
    bodies = []
    for base in (gateway.plain_url, gateway.url):
        async with gateway.session.get(base + path) as response:
            assert response.status == 200
            bodies.append(await response.read())
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("path", ["/crl/other.crl", "/ca/other.pem"])
async def test_an_unknown_issuer_is_not_found(gateway: RunningGateway, path: str) -> None:
    async with gateway.session.get(gateway.url + path) as response:
        assert response.status == 404
