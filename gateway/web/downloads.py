"""Serves CRLs and CA certificates, by plain HTTP and HTTPS (RFC 5280 §4.2.1.13, §4.2.2.1)."""

import hashlib

from aiohttp import web

from gateway.ca.issuer import CrlSigner, Downloads
from gateway.errors.ca import NoSuchCrl
from gateway.services import Services
from gateway.usecases.ca.crl import Partitions, current_crl

_SHORT_LIVED = {"Cache-Control": "public, max-age=300"}
"""Caches must not hide a revocation for more than some minutes."""


def add_routes(app: web.Application, services: Services) -> None:
    """Adds /crl/{issuer}.crl and -{partition}.crl, /ca/{issuer}.der and .pem."""

    partitions: dict[str, Partitions] = {}

    async def crl(request: web.Request) -> web.Response:
        issuer = services.issuers.find(request.match_info["issuer"])
        if not isinstance(issuer, CrlSigner):
            raise web.HTTPNotFound
        partition = int(request.match_info.get("partition", 0))
        known = partitions.setdefault(issuer.name, Partitions(services.pool, issuer))
        if not await known.has(partition):
            raise web.HTTPNotFound
        now = await services.clock.now()
        try:
            der = await current_crl(services.pool, issuer, now, partition)
        except NoSuchCrl:
            raise web.HTTPNotFound from None
        tag = hashlib.blake2b(der, digest_size=16).hexdigest()
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers={"ETag": f'"{tag}"'} | _SHORT_LIVED)
        response = web.Response(body=der, content_type="application/pkix-crl", headers=_SHORT_LIVED)
        response.etag = tag
        return response

    def downloads(request: web.Request) -> Downloads:
        issuer = services.issuers.find(request.match_info["issuer"])
        if not isinstance(issuer, Downloads):
            raise web.HTTPNotFound
        return issuer

    async def der(request: web.Request) -> web.Response:
        body = downloads(request).issuing_der()
        return web.Response(body=body, content_type="application/pkix-cert")

    async def pem(request: web.Request) -> web.Response:
        body = downloads(request).issuing_pem()
        return web.Response(body=body, content_type="application/x-pem-file")

    app.router.add_get("/crl/{issuer:[a-z0-9-]+}-{partition:[1-9][0-9]{0,5}}.crl", crl)
    app.router.add_get("/crl/{issuer}.crl", crl)
    app.router.add_get("/ca/{issuer}.der", der)
    app.router.add_get("/ca/{issuer}.pem", pem)
