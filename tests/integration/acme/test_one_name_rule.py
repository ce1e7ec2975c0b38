"""One rule says what a name is: the same verdict at ADDDOMAIN, newOrder, newAuthz and for a CSR."""

from gateway.ca.csr import check_csr
from gateway.errors.acme import BadCsr
from tests.integration.acme.conftest import NAME, Customer
from tests.support.acme_client import AcmeClient
from tests.support.csrs import csr

LONGEST = ".".join(["a" * 49] * 5) + ".aa"

NAMES: dict[str, str | None] = {
    "a.example": "a.example",
    "A.Example": "a.example",
    "a.example.": "a.example",
    "A.EXAMPLE.": "a.example",
    "*.a.example": "*.a.example",
    "*.A.example.": "*.a.example",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    "XN--BCHER-KVA.example.": "xn--bcher-kva.example",
    "1.example": "1.example",
    "a" * 63 + ".example": "a" * 63 + ".example",
    LONGEST: LONGEST,
    f"{LONGEST}.": LONGEST,
    "": None,
    ".": None,
    "a..example": None,
    ".a.example": None,
    "a.example..": None,
    "*": None,
    "*.": None,
    "*.*.a.example": None,
    "a.*.example": None,
    "a*.example": None,
    "example": None,
    "localhost": None,
    "com": None,
    "*.co.uk": None,
    "github.io": None,
    "192.0.2.1": None,
    "192.0.2.1.": None,
    "::1": None,
    "-a.example": None,
    "a-.example": None,
    "a_b.example": None,
    "a b.example": None,
    " a.example": None,
    "a.example:443": None,
    "https://a.example": None,
    "ab--cd.example": None,
    "xn--.example": None,
    "xn--a.example": None,
    "xn--bcher-kva-.example": None,
    "a" * 64 + ".example": None,
    f"{LONGEST}aa": None,
}
"""As sent, and as stored; None = no door takes it."""

U_LABELS = {
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example.": "xn--bcher-kva.example",
    "*.bücher.example": "*.xn--bcher-kva.example",
    "a。example": "a.example",
}
"""People type them; ACME and PKCS #10 have A-labels only (RFC 8555 §7.1.4, RFC 5280 §7.2)."""


async def test_every_door_has_the_same_verdict_on_a_name(
    client: AcmeClient, customer: Customer
) -> None:
    verdicts = {sent: await verdicts_on(client, customer, sent) for sent in NAMES}
    assert verdicts == {sent: [stored] * 4 for sent, stored in NAMES.items()}


async def test_u_labels_are_taken_where_people_type_and_nowhere_else(
    client: AcmeClient, customer: Customer
) -> None:
    verdicts = {sent: await verdicts_on(client, customer, sent) for sent in U_LABELS}
    assert verdicts == {sent: [stored, None, None, None] for sent, stored in U_LABELS.items()}


async def test_an_empty_common_name_names_nothing() -> None:
    check_csr(csr([NAME], common_name=""), [NAME], None)


async def verdicts_on(client: AcmeClient, customer: Customer, sent: str) -> list[str | None]:
    """The name that each door understands, None where it is refused for being none."""
    stored = await added(customer, sent)
    found = [
        stored,
        await ordered(client, sent),
        await authorized(client, sent),
        requested(sent, stored or NAME),
    ]
    if stored is not None:
        await customer.remove(stored)
    return found


async def added(customer: Customer, sent: str) -> str | None:
    shop, kid = customer.shop, customer.eab.kid
    status, answer = await shop.action("ADDDOMAIN", acmeAccountID=kid, domainName=sent)
    if status == 200:
        [domain] = answer["domains"]
        return str(domain["domainName"])
    assert status == 400
    assert "domainName" in answer["detail"]
    assert list(await shop.domains(kid)) == [NAME]
    return None


async def ordered(client: AcmeClient, sent: str) -> str | None:
    answer = await client.new_order(sent)
    if answer.status == 201:
        [identifier] = answer.json["identifiers"]
        return str(identifier["value"])
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier"), answer.body
    assert [item["identifier"]["value"] for item in answer.json["subproblems"]] == [sent]
    return None


async def authorized(client: AcmeClient, sent: str) -> str | None:
    """This door takes no wildcards, and says so only of names."""
    identifier = {"type": "dns", "value": sent}
    answer = await client.post(await client.url("newAuthz"), {"identifier": identifier})
    if answer.status == 201:
        return str(answer.json["identifier"]["value"])
    if answer.problem == "malformed":
        assert "wildcard" in answer.detail
        return await ordered(client, sent)
    assert (answer.status, answer.problem) == (400, "rejectedIdentifier"), answer.body
    return None


def requested(sent: str, name: str) -> str | None:
    """In a CSR for an order of `name`: as common name, and where that can be as alternative one."""
    ways = [csr([name], common_name=sent)] if sent else []
    if sent.isascii():
        ways.append(csr([name, sent]))
    fits = {is_for(der, name) for der in ways}
    assert len(fits) == 1
    return name if True in fits else None


def is_for(der: bytes, name: str) -> bool:
    try:
        check_csr(der, [name], None)
    except BadCsr as refused:
        assert "exactly the names of the order" in refused.detail
        return False
    return True
