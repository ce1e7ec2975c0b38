"""The request and parse habits of existing clients (docs/wire.md §9), line by line."""

import re
from datetime import datetime
from typing import Any

import pytest

DAY = 86_400


class TypeScriptClient:
    """The TypeScript client: form POST; failed only by status or by `success === false`."""

    def __init__(self, gateway: Any) -> None:
        self.gateway = gateway

    async def call(self, action: str, **parameters: str) -> dict[str, Any]:
        form = {
            "loginName": self.gateway.login,
            "loginPassword": self.gateway.password,
            "action": action,
            **parameters,
        }
        url = self.gateway.actions_url
        async with self.gateway.session.post(url, data=form) as response:
            body: dict[str, Any] = await response.json()
            if not response.ok or body.get("success") is False:
                message = body.get("errorMessage") or body.get("details") or response.reason
                raise ConnectionRefusedError(f"{response.status} {message}")
            return body

    async def register(self, **term: str) -> str:
        servers = (await self.call("LISTSERVERS"))["Servers"]
        made = await self.call("PREREGISTER", serverURL=servers[0]["serverUrl"], **term)
        account = made["Accounts"][0]
        assert account["eabMACIDb64url"]
        assert account["eabMACKeyb64url"]
        return str(account["acmeAccountID"])

    async def add(self, account: str, name: str) -> dict[str, Any]:
        return await self.call(
            "ADDDOMAIN",
            acmeAccountID=account,
            domainName=name,
            quoteOnly="N",
            addAssociatedFQDN="N",
        )


def member(value: dict[str, Any], name: str) -> Any:
    """The C# client finds members in any letter case."""
    return {key.lower(): found for key, found in value.items()}[name.lower()]


@pytest.fixture
def typescript(gateway: Any) -> TypeScriptClient:
    return TypeScriptClient(gateway)


async def test_typescript_client_buys_and_removes(typescript: TypeScriptClient) -> None:
    account = await typescript.register(years="1")
    bought = await typescript.add(account, "shop.example.com")
    assert isinstance(bought["orderNumber"], int)
    assert (bought["cost"], bought["currency"]) == (365.0, "USD")
    assert bought["domains"] == [{"domainName": "shop.example.com"}]
    listed = await typescript.call("LISTDOMAINS", acmeAccountID=account)
    assert [domain["domainName"] for domain in listed["Domains"]] == ["shop.example.com"]
    removed = await typescript.call(
        "REMOVEDOMAIN", acmeAccountID=account, domainName="shop.example.com"
    )
    assert removed == {"success": True, "Domains": [{"domainName": "shop.example.com"}]}


async def test_typescript_client_meets_a_403_for_a_name_it_already_has(
    typescript: TypeScriptClient,
) -> None:
    account = await typescript.register()
    await typescript.add(account, "shop.example.com")
    with pytest.raises(ConnectionRefusedError) as refused:
        await typescript.add(account, "shop.example.com")
    assert str(refused.value) == "403 The domain name is already present in the subscription."
    # What it takes for a success: it tries again what may have been done.
    assert re.search("domain.*already.*present|already.*subscribed", str(refused.value))


async def test_typescript_client_shows_why_it_was_refused(typescript: TypeScriptClient) -> None:
    account = await typescript.register()
    with pytest.raises(ConnectionRefusedError, match="403 Domain could not be removed!"):
        await typescript.call("REMOVEDOMAIN", acmeAccountID=account, domainName="a.example.com")
    with pytest.raises(ConnectionRefusedError, match="400 The 'domainName' argument is missing!"):
        await typescript.call("ADDDOMAIN", acmeAccountID=account)


async def test_typescript_client_sends_undocumented_filters(typescript: TypeScriptClient) -> None:
    account = await typescript.register(days="365")
    await typescript.add(account, "shop.example.com")
    orders = await typescript.call(
        "GETLASTORDER", acmeAccountID=account, domainName="shop.example.com"
    )
    assert isinstance(orders["Orders"], list)
    today = (await typescript.gateway.services.clock.now()).date().isoformat()
    transactions = await typescript.call(
        "LISTTRANSACTIONS", acmeAccountID=account, fromDate=today, toDate=today
    )
    assert transactions["subscriptions"]


async def test_typescript_client_steers_accounts(typescript: TypeScriptClient) -> None:
    account = await typescript.register()
    for action in ("SUSPENDACCOUNT", "UNSUSPENDACCOUNT", "DEACTIVATEACCOUNT"):
        changed = await typescript.call(action, acmeAccountID=account)
        assert changed == {"success": True, "nRecordsUpdated": 1}


async def test_csharp_client_takes_servers_by_position(typescript: TypeScriptClient) -> None:
    servers = member(await typescript.call("LISTSERVERS"), "servers")
    assert [member(server, "certvalidationtype") for server in servers[:2]] == ["DV", "OV"]


async def test_csharp_client_lists_accounts_by_eab_without_an_account(
    typescript: TypeScriptClient,
) -> None:
    kid = await typescript.register()
    listed = await typescript.call("LISTACCOUNTS", eabKeyID=kid, includeAdditionalAccounts="Y")
    (account,) = member(listed, "accounts")
    assert member(account, "acmeaccountid") == kid


async def test_csharp_client_quotes_with_the_associated_name_then_adds(
    typescript: TypeScriptClient,
) -> None:
    account = await typescript.register()
    wanted = {
        "acmeAccountID": account,
        "domainName": "*.example.com",
        "addAssociatedFQDN": "Y",
    }
    quote = await typescript.call("ADDDOMAIN", quoteOnly="Y", **wanted)
    assert "orderNumber" not in quote
    assert member(member(quote, "Domains")[1], "DomainName") == "example.com"
    added = await typescript.call("ADDDOMAIN", quoteOnly="N", **wanted)
    assert member(added, "Success") is True
    assert member(member(added, "Domains")[0], "DomainName") == "*.example.com"
    assert added["cost"] == quote["cost"]


async def test_csharp_client_reads_transactions_and_dates(typescript: TypeScriptClient) -> None:
    account = await typescript.register()
    bought = await typescript.add(account, "shop.example.com")
    listed = await typescript.call(
        "LISTTRANSACTIONS", acmeAccountID=account, domainName="shop.example.com"
    )
    subscription = listed["subscriptions"][0]
    started = datetime.fromisoformat(subscription["subscriptionStartDate"])
    assert started < datetime.fromisoformat(subscription["subscriptionEndDate"])
    (transaction,) = subscription["transactions"]
    assert transaction["orderNumber"] == bought["orderNumber"]
    assert [domain["name"] for domain in transaction["domains"]] == ["shop.example.com"]


async def test_csharp_client_extends_and_reads_the_duration(typescript: TypeScriptClient) -> None:
    account = await typescript.register()
    await typescript.add(account, "shop.example.com")
    await typescript.gateway.advance(300 * DAY)
    extended = await typescript.call(
        "EXTENDDOMAINS", acmeAccountID=account, years="1", quoteOnly="N"
    )
    assert member(extended, "extensionDurationDays") == 365
    assert member(extended, "orderNumber")


async def test_csharp_client_suspends_one_account(typescript: TypeScriptClient) -> None:
    account = await typescript.register()
    changed = await typescript.call(
        "SUSPENDACCOUNT", acmeAccountID=account, includeAdditionalAccounts="N"
    )
    assert member(changed, "Success") is True
