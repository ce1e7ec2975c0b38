"""acme-client for Node.js: http-01, dns-01, EAB, as docs/clients.md has it."""

from tests.conformance.conftest import NPM_PACKAGES, Site, program
from tests.conformance.document import documented, here, variables
from tests.conformance.webroot import DOCUMENTED, webroot

NAME, WILDCARD = "www.example.com", "*.example.com"

_HTTP = """challengePriority: ['http-01'],"""
_DNS = """challengePriority: ['dns-01'],"""
_WRITE = "fs.writeFileSync(`${webroot}/${challenge.token}`, keyAuthorization)"
_REMOVE = "(authz, challenge) => fs.rmSync(`${webroot}/${challenge.token}`)"
_PUBLISH = """fetch(`${process.env.ZONE_URL}/present?` + new URLSearchParams({
    name: `_acme-challenge.${authz.identifier.value}`, value: keyAuthorization }),
    { method: 'POST' })"""


async def run(site: Site, script: str) -> None:
    assert (NPM_PACKAGES / "acme-client").is_dir(), "acme-client is missing: make npm-packages"
    (site.directory / "issue.js").write_text(script)
    await site.succeed(
        *(program("node"), "issue.js"),
        **variables(site),
        NODE_PATH=str(NPM_PACKAGES),
    )


async def test_http_01_with_eab_gets_a_certificate(site: Site) -> None:
    await site.buy(NAME)
    async with webroot(site) as directory:
        await run(site, here(documented("acme-client"), **{DOCUMENTED: str(directory)}))
        assert not list(directory.iterdir())
    site.check_certificate(site.directory / f"{NAME}.pem", NAME)


async def test_dns_01_gets_a_wildcard(site: Site) -> None:
    await site.buy(WILDCARD)
    script = here(
        documented("acme-client"),
        **{_HTTP: _DNS, _WRITE: _PUBLISH, _REMOVE: "() => {}", f"['{NAME}']": f"['{WILDCARD}']"},
    )
    await run(site, script)
    site.check_certificate(site.directory / f"{NAME}.pem", WILDCARD)
