"""Every refusal that a client or a reseller sees is found by name in ops.refusals."""

import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from html import escape
from importlib import import_module
from typing import Any

import pytest

import gateway as package
from gateway.doors.console.sentences import SENTENCES
from gateway.doors.reseller import envelope as action_answers
from gateway.doors.reseller.parameters import ACTIONS
from gateway.doors.sitelock import envelope as product_answers
from gateway.doors.ssl import envelope as certificate_answers
from gateway.errors import (
    ConfigurationError,
    GatewayError,
    NotFound,
)
from gateway.errors.acme import (
    AccountRefused,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadRevocationReason,
    BadValidity,
    CaaRefusal,
    CaaRefused,
    CaaUnchecked,
    CertificateUnreadable,
    ContactInvalid,
    ContactUnsupported,
    EabRefused,
    IssuanceRefused,
    KeyChanged,
    KeyInUse,
    NonceUsed,
    NotReplaceable,
    OrderNotReady,
    Refusal,
    RevocationRefused,
    TermsNotAgreed,
    UnknownProfile,
)
from gateway.errors.ca import IssuerMissing, NoSuchCrl
from gateway.errors.money import LedgerMismatch
from gateway.errors.notice import NoticeMistake
from gateway.errors.operation import SessionNeeded
from gateway.errors.request import RequestRefusal
from gateway.refusal_log import reason_of
from gateway.usecases.acme import orders
from gateway.usecases.operation import sessions
from gateway.usecases.sitelock import licences
from gateway.usecases.ssl import details as ssl_details
from tests.integration.acme.conftest import new_customer
from tests.support.acme_client import AcmeClient, Eab, jws
from tests.support.certificate_shop import shop_of
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.shop import Shop

NAME = "www.example.com"

ACME_REFUSALS: list[GatewayError] = [
    IssuanceRefused([Refusal("expired", (NAME,), "It expired.")]),
    CaaRefused([CaaRefusal(NAME, True, "CAA forbids it.")]),
    EabRefused("No."),
    AccountRefused("The account is suspended."),
    NotFound(),
    TermsNotAgreed("https://example.com/terms"),
    ContactInvalid("No."),
    ContactUnsupported("No."),
    OrderNotReady("No."),
    BadCsr("No."),
    RevocationRefused("No."),
    AlreadyRevoked("No."),
    BadRevocationReason("No."),
    CertificateUnreadable("No."),
    NotReplaceable("No."),
    AlreadyReplaced("No."),
    UnknownProfile("No."),
    BadValidity("No."),
    KeyChanged(),
]
"""What a use case may refuse an ACME client with."""

NO_REFUSALS: dict[type[GatewayError], str] = {
    GatewayError: "the base of all",
    RequestRefusal: "the base of those of the action API",
    ConfigurationError: "shown to the operator at the start",
    NoticeMistake: "shown to the operator who types the command; to a reseller, invalid argument",
    LedgerMismatch: "fails the check of the ledger, which tells the operator",
    NoSuchCrl: "a 404 of a public download, which concerns nobody",
    IssuerMissing: "ours: a 503, and the client is to try again",
    CaaUnchecked: "ours and logged; the client is to try again, an SSL order says so",
    NonceUsed: "the client is to try again with the next nonce (RFC 8555 §6.5)",
}
"""Errors that neither a client nor a reseller is refused with."""


def instance(kind: type[Exception]) -> Exception:
    for arguments in (["domainName"], ["locality", "The locality is missing."]):
        with suppress(TypeError):
            return kind(*arguments)
    return kind()


def raising(error: Exception) -> Callable[..., Awaitable[Any]]:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise error

    return refuse


def named(kinds: Any) -> list[Any]:
    return [pytest.param(kind, id=kind.__name__) for kind in kinds]


async def found(gateway: RunningGateway, where: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows of ops.refusals, once what was noted is written."""
    await gateway.services.refusals.flush()
    rows = await gateway.pool.fetch(f"SELECT * FROM ops.refusals WHERE {where}", *arguments)
    return [dict(row) for row in rows]


@pytest.mark.parametrize("kind", named(action_answers.RENDERINGS))
async def test_refusals_of_actions_are_found_by_login_account_and_name(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, kind: type[GatewayError]
) -> None:
    refusing = replace(ACTIONS["ADDDOMAIN"], handler=raising(instance(kind)))
    monkeypatch.setitem(ACTIONS, "ADDDOMAIN", refusing)
    status, body = await gateway.action("ADDDOMAIN", acmeAccountID="A" * 22, domainName=NAME)
    assert status >= 400
    [row] = await found(gateway, "name = $1 AND reseller = $2", NAME, gateway.login)
    assert row["reason"] == reason_of(instance(kind))
    assert row["answer"] == body["detail"]
    assert (row["door"], row["subject"], row["times"]) == ("reseller", "A" * 22, 1)
    assert str(row["source"]) == "127.0.0.1"


@pytest.mark.parametrize("kind", named(product_answers.RENDERINGS))
async def test_refusals_of_products_are_found_by_login_and_name(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, kind: type[GatewayError]
) -> None:
    monkeypatch.setattr(licences, "order", raising(instance(kind)))
    form = {"loginName": gateway.login, "loginPassword": gateway.password, "product": "1060"}
    form |= {"domainName": NAME, "appRepEmailAddress": "a@example.com"}
    async with gateway.session.post(f"{gateway.url}/products/!AutoApplyOrder", data=form) as sent:
        code = (await sent.text()).splitlines()[0]
    [row] = await found(gateway, "name = $1 AND reseller = $2", NAME, gateway.login)
    assert row["reason"] == reason_of(instance(kind))
    assert row["answer"].startswith(f"{code}: ")
    assert (row["door"], row["request"]) == ("sitelock", "!AutoApplyOrder")


@pytest.mark.parametrize("kind", named(certificate_answers.RENDERINGS))
async def test_refusals_of_ssl_orders_are_found_by_login_number_and_name(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, kind: type[GatewayError]
) -> None:
    shop = await shop_of(gateway, gateway.login)
    cert_id = await shop.buy(NAME)
    monkeypatch.setattr(ssl_details, "details", raising(instance(kind)))
    answer = await shop.send("GET", f"/{cert_id}")
    [row] = await found(gateway, "name = $1 AND reseller = $2", NAME, gateway.login)
    assert row["reason"] == reason_of(instance(kind))
    assert row["answer"].startswith(f"{answer.code}: ")
    assert (row["door"], row["subject"], row["proven"]) == ("ssl", cert_id, True)


@pytest.mark.parametrize("kind", named(kind for kind in SENTENCES if kind is not SessionNeeded))
async def test_refusals_at_the_console_are_found_by_login_and_page(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, kind: type[GatewayError]
) -> None:
    person = ConsolePerson(gateway)
    await person.sign_in()
    monkeypatch.setattr(sessions, "list_own", raising(instance(kind)))
    answer = await person.get("/console/settings")
    assert answer.status == SENTENCES[kind].status
    [row] = await found(gateway, "door = 'console' AND reseller = $1", gateway.login)
    assert row["reason"] == reason_of(instance(kind))
    assert (row["request"], row["proven"]) == ("GET /console/settings", True)
    assert escape(row["answer"]) in answer.text


@pytest.fixture
async def client(gateway: RunningGateway) -> AsyncIterator[AcmeClient]:
    """Registered, with a subscription for NAME."""
    customer = await new_customer(Shop(gateway), NAME)
    made = AcmeClient(gateway.session, gateway.directory_url)
    await made.register(customer.eab)
    yield made


def account_of(client: AcmeClient) -> str:
    return str(client.account_url).rpartition("/")[2]


@pytest.mark.parametrize("error", ACME_REFUSALS, ids=lambda error: type(error).__name__)
async def test_refusals_of_acme_are_found_by_account_reseller_and_name(
    gateway: RunningGateway,
    client: AcmeClient,
    monkeypatch: pytest.MonkeyPatch,
    error: GatewayError,
) -> None:
    monkeypatch.setattr(orders, "place_order", raising(error))
    answer = await client.new_order(NAME)
    assert answer.status >= 400
    [row] = await found(gateway, "name = $1 AND reseller = $2", NAME, gateway.login)
    assert (row["reason"], row["answer"]) == (reason_of(error), answer.detail)
    assert (row["door"], row["request"]) == ("acme", "newOrder")
    assert (row["subject"], row["proven"]) == (account_of(client), True)


async def test_a_key_in_use_is_found_by_account(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    url = await client.url("keyChange")
    claim = {"account": client.account_url, "oldKey": client.signer.jwk}
    inner = jws(
        {"alg": client.signer.alg, "jwk": client.signer.jwk, "url": url},
        claim,
        client.signer.sign,
    )
    assert (await client.post(url, inner)).status == 409
    [row] = await found(gateway, "subject = $1", account_of(client))
    assert (row["reason"], row["request"]) == (reason_of(KeyInUse("x")), "keyChange")


def kinds_of_errors(base: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds_of_errors(kind)


def test_every_error_is_a_refusal_that_is_tested_or_none_for_a_reason() -> None:
    for module in pkgutil.walk_packages(package.__path__, "gateway."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    tested = {type(error) for error in ACME_REFUSALS} | {KeyInUse}
    for table in (
        action_answers.RENDERINGS,
        product_answers.RENDERINGS,
        certificate_answers.RENDERINGS,
        SENTENCES,
    ):
        tested |= set(table)  # type: ignore[arg-type]
    ours = {kind for kind in kinds_of_errors() if kind.__module__.startswith("gateway.")}
    assert ours - tested == set(NO_REFUSALS)


async def test_a_suspended_account_is_found_by_account_name_and_reseller(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    account = account_of(client)
    status, _ = await gateway.action("SUSPENDACCOUNT", acmeAccountID=account)
    assert status == 200
    answer = await client.new_order(NAME)
    assert answer.detail.startswith("The account is suspended")
    [row] = await found(gateway, "name = $1", NAME)
    assert (row["reason"], row["answer"]) == ("account_refused", answer.detail)
    assert (row["subject"], row["reseller"]) == (account, gateway.login)


async def test_what_is_refused_at_an_order_is_found_by_the_names_of_the_order(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    placed = await client.new_order(NAME)
    refused = await client.finalize(placed.json, b"no CSR")
    assert refused.status >= 400
    [row] = await found(gateway, "name = $1", NAME)
    assert row["request"] == "order"
    [authorization] = placed.json["authorizations"]
    challenge = await client.challenge(authorization, "http-01")
    assert (await client.post(challenge["url"], [])).status == 400
    assert {row["request"] for row in await found(gateway, "name = $1", NAME)} == {"order", "chall"}


async def test_names_of_another_accounts_order_stay_unnamed(
    gateway: RunningGateway, client: AcmeClient
) -> None:
    placed = await client.new_order(NAME)
    other = AcmeClient(gateway.session, gateway.directory_url)
    await other.register((await new_customer(Shop(gateway), "other.example.com")).eab)
    assert (await other.post(placed.headers["Location"])).status == 404
    [row] = await found(gateway, "subject = $1", account_of(other))
    assert (row["reason"], row["name"]) == ("not_found", None)


async def test_a_refused_registration_is_found_by_the_key_identifier(
    gateway: RunningGateway,
) -> None:
    client = AcmeClient(gateway.session, gateway.directory_url)
    answer = await client.new_account(Eab("nobodys-kid", "AAAA"), termsOfServiceAgreed=True)
    assert answer.status == 403
    [row] = await found(gateway, "subject = 'nobodys-kid'")
    assert (row["reason"], row["proven"]) == ("eab_refused", False)


async def test_a_registration_under_a_suspended_credential_is_found_by_its_reseller(
    gateway: RunningGateway,
) -> None:
    customer = await new_customer(Shop(gateway), NAME)
    status, body = await gateway.action("SUSPENDACCOUNT", acmeAccountID=customer.eab.kid)
    assert status == 200, body
    client = AcmeClient(gateway.session, gateway.directory_url)
    assert (await client.new_account(customer.eab, termsOfServiceAgreed=True)).status == 403
    [row] = await found(gateway, "reseller = $1", gateway.login)
    assert (row["reason"], row["subject"]) == ("eab_refused", customer.eab.kid)


LOGIN_FAILURES = {
    "no such login": ({"loginName": "nobody"}, "There is no such login."),
    "wrong password": ({"loginPassword": "wrong"}, "The password was wrong."),
}


@pytest.mark.parametrize(("fields", "why"), LOGIN_FAILURES.values(), ids=LOGIN_FAILURES)
async def test_a_failed_login_is_found_by_login_with_what_the_caller_does_not_learn(
    gateway: RunningGateway, fields: dict[str, str], why: str
) -> None:
    for _ in range(3):
        status, body = await gateway.action("LISTSERVERS", **fields)
        assert status == 401
        assert why not in body["detail"]
    [row] = await found(gateway, "reseller = $1", fields.get("loginName", gateway.login))
    assert (row["reason"], row["why"], row["times"]) == ("login_refused", why, 3)
    assert (row["request"], row["proven"]) == ("!ACMEAdmin LISTSERVERS", False)


async def test_operators_can_distinguish_a_locked_login_and_a_foreign_address(
    gateway: RunningGateway,
) -> None:
    shop = Shop(gateway)
    await gateway.pool.execute(
        "UPDATE reseller.account SET locked_until = '2099-01-01' WHERE login = 'demo'"
    )
    assert (await gateway.action("LISTSERVERS"))[0] == 401
    await gateway.pool.execute("UPDATE reseller.account SET locked_until = NULL")
    await shop.set_reseller(allowed_networks=["192.0.2.0/24"])
    assert (await gateway.action("LISTSERVERS"))[0] == 401
    whys = {row["why"] for row in await found(gateway, "reason = 'login_refused'")}
    assert whys == {
        "The login is locked; the password was right.",
        "The address is not allowed; the password was right.",
    }


async def test_a_suspended_reseller_is_found_at_each_door(gateway: RunningGateway) -> None:
    certificates = await shop_of(gateway, gateway.login)
    await Shop(gateway).set_reseller(status="suspended")
    assert (await gateway.action("LISTSERVERS"))[0] == 403
    assert (await certificates.send("GET")).status == 403
    rows = await found(gateway, "reason = 'permission_denied' AND reseller = 'demo' AND proven")
    assert {row["door"] for row in rows} == {"reseller", "ssl"}


async def test_a_refused_token_is_found_by_address_and_by_login_where_it_has_one(
    gateway: RunningGateway,
) -> None:
    shop = await shop_of(gateway, gateway.login)
    known, _, _ = shop.token.partition(".")
    for token in ("nonsense", f"{known}.wrong"):
        shop.token = token
        assert (await shop.send("GET")).status == 401
    rows = await found(gateway, "reason = 'token_refused' AND source = '127.0.0.1'")
    assert {(row["reseller"], row["proven"]) for row in rows} == {(None, False), ("demo", False)}


async def test_requests_that_cannot_be_served_are_found_by_address(
    gateway: RunningGateway,
) -> None:
    for url in (
        gateway.actions_url,
        f"{gateway.url}/v3/scm/nowhere",
        f"{gateway.directory_url}/nowhere",
        f"{gateway.plain_url}/products/!ACMEAdmin",
        f"{gateway.plain_url}/products/!AutoRefund",
        f"{gateway.plain_url}/v3/scm/certificates",
    ):
        async with gateway.session.put(url) as response:
            assert response.status in (403, 404, 405)
    rows = await found(gateway, "source = '127.0.0.1' AND NOT proven")
    assert {row["door"] for row in rows} == {"reseller", "ssl", "acme", "plain"}
    assert sum(row["door"] == "plain" for row in rows) == 3
