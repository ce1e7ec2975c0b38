"""CRLs and CA certificates, by plain HTTP and HTTPS alike (RFC 5280 §4.2.1.13, §4.2.2.1)."""

import hashlib

from aiohttp import web

from gateway.ca.local import LocalCa
from gateway.services import Services
from gateway.usecases.ca.crl import NoSuchCrl, Partitions, current_crl

_SHORT_LIVED = {"Cache-Control": "public, max-age=300"}
"""A revocation is to be seen within minutes, whatever caches lie between."""


def add_routes(app: web.Application, services: Services, ca: LocalCa) -> None:
    """/crl/{issuer}.crl and -{partition}.crl, /ca/{issuer}.der and .pem."""

    partitions = Partitions(services.pool, ca)

    async def crl(request: web.Request) -> web.Response:
        _require(request, ca)
        partition = int(request.match_info.get("partition", 0))
        if not await partitions.has(partition):
            raise web.HTTPNotFound
        now = await services.clock.now()
        try:
            der = await current_crl(services.pool, ca, now, partition)
        except NoSuchCrl:
            raise web.HTTPNotFound from None
        tag = hashlib.blake2b(der, digest_size=16).hexdigest()
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers={"ETag": f'"{tag}"'} | _SHORT_LIVED)
        response = web.Response(body=der, content_type="application/pkix-crl", headers=_SHORT_LIVED)
        response.etag = tag
        return response

    async def der(request: web.Request) -> web.Response:
        _require(request, ca)
        return web.Response(body=ca.issuing_der(), content_type="application/pkix-cert")

    async def pem(request: web.Request) -> web.Response:
        _require(request, ca)
        return web.Response(body=ca.issuing_pem(), content_type="application/x-pem-file")

    app.router.add_get(rf"/crl/{ca.name}-{{partition:[1-9][0-9]{{0,5}}}}.crl", crl)
    app.router.add_get("/crl/{issuer}.crl", crl)
    app.router.add_get("/ca/{issuer}.der", der)
    app.router.add_get("/ca/{issuer}.pem", pem)


def _require(request: web.Request, ca: LocalCa) -> None:
    if request.match_info.get("issuer", ca.name) != ca.name:
        raise web.HTTPNotFound
