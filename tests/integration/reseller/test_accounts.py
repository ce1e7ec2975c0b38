"""LISTSERVERS, PREREGISTER, LISTACCOUNTS, LISTBINDINGS and the states of accounts."""

import asyncio
import re
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from gateway.store.acme import eab_credentials
from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.support.action_door import LOGIN, OPERATOR, PASSWORD, START, Door

DV = "https://gateway.test/v2/DV"
INVALID_ACCOUNT = "The value of the 'acmeAccountID' argument is invalid!"


async def use(door: Door, account_id: str) -> None:
    """What the first newAccount of a client writes."""
    async with door.pool.acquire() as connection:
        await connection.execute(
            """
            WITH account AS (
                UPDATE acme.account
                   SET status = 'valid',
                       jwk = '{}',
                       thumbprint = id,
                       contacts = '{mailto:ops@example.com}',
                       user_agent = 'CertbotACMEClient/2.0',
                       ip_address = '10.0.1.64',
                       last_activity = '2019-03-14T14:37:42.9Z'
                 WHERE id = $1
                RETURNING kid
            )
            UPDATE subscription.eab_credential
               SET last_activity = '2020-01-01T00:00:00Z'
              FROM account
             WHERE eab_credential.kid = account.kid
            """,
            account_id,
        )


async def add_account(door: Door, kid: str, account_id: str) -> None:
    """A further ACME account under a credential."""
    async with door.pool.acquire() as connection:
        await connection.execute(
            """
            INSERT INTO acme.account (id, kid, server_id, status, jwk, thumbprint, created_at)
            SELECT $2, kid, server_id, 'valid', '{}', $2, created_at + interval '1 s'
              FROM subscription.eab_credential
             WHERE kid = $1
            """,
            kid,
            account_id,
        )


async def accounts(door: Door, **fields: str) -> list[dict[str, Any]]:
    answered = await door.action("LISTACCOUNTS", **fields)
    assert answered.status == 200, answered.text
    listed: list[dict[str, Any]] = answered.json["Accounts"]
    return listed


async def statuses(door: Door, **fields: str) -> dict[str, str]:
    listed = await accounts(door, **fields)
    return {account["acmeAccountID"]: account["accountStatus"] for account in listed}


async def eab_state(door: Door, kid: str) -> tuple[str, bool]:
    async with door.pool.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT status, suspended FROM subscription.eab_credential WHERE kid = $1", kid
        )
    assert row is not None
    return row["status"], row["suspended"]


async def updated(door: Door, action: str, **fields: str) -> int:
    answered = await door.action(action, **fields)
    assert answered.status == 200, answered.text
    assert answered.json["success"] is True
    return int(answered.json["nRecordsUpdated"])


async def test_listservers_shows_dv_before_ov(door: Door) -> None:
    servers = (await door.action("LISTSERVERS")).json["Servers"]
    assert servers[0] == {
        "serverUrl": DV,
        "productID": 608,
        "productDescription": "CaaS DV TLS Certificate",
        "certValidationType": "DV",
    }
    assert [server["certValidationType"] for server in servers] == ["DV", "OV"]


async def test_preregister_hands_out_a_pending_account_and_costs_nothing(door: Door) -> None:
    answered = await door.action("PREREGISTER", serverUrl=DV)
    assert answered.status == 200
    assert list(answered.json) == ["Accounts"]
    (made,) = answered.json["Accounts"]
    assert list(made) == ["acmeAccountID", "accountStatus", "eabMACKeyb64url", "eabMACIDb64url"]
    assert made["accountStatus"] == "pending"
    assert made["acmeAccountID"] == made["eabMACIDb64url"]
    assert re.fullmatch("[A-Za-z0-9_-]{1,32}", made["acmeAccountID"])
    assert len(urlsafe_b64decode(made["eabMACKeyb64url"] + "=")) == 32
    async with door.pool.acquire() as connection:
        assert await connection.fetchval("SELECT balance FROM reseller.account") == 10_000
        assert await connection.fetchval("SELECT count(*) FROM subscription.subscription") == 0


@pytest.mark.parametrize(
    ("term", "days"),
    [
        ({}, 365),
        ({"years": "2"}, 730),
        ({"days": "1095"}, 1095),
        ({"years": "3", "days": "365"}, 1095),
    ],
)
async def test_r1_preregister_stores_the_term(door: Door, term: dict[str, str], days: int) -> None:
    kid = await door.preregister(**term)
    async with door.pool.acquire() as connection:
        credential = await eab_credentials.lock_for_change(connection, kid)
    assert credential.term_days == days


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.test/v2/XX",
        "https://gateway.test",
        "https://gateway.test/v2/DV/",
        "https://gateway.testing/v2/DV",
        "http://gateway.test/v2/DV",
        "/v2/DV",
    ],
)
async def test_preregister_takes_only_a_url_of_listservers(door: Door, url: str) -> None:
    answered = await door.action("PREREGISTER", serverUrl=url)
    assert answered.status == 400
    assert answered.json["detail"] == "The value of the 'serverUrl' argument is invalid!"


async def test_mac_keys_are_encrypted_at_rest_and_not_audited(door: Door) -> None:
    made = (await door.action("PREREGISTER", serverUrl=DV)).json["Accounts"][0]
    state = repr(await door.state())
    assert made["acmeAccountID"] in state
    assert made["eabMACKeyb64url"] not in state
    raw = urlsafe_b64decode(made["eabMACKeyb64url"] + "=")
    assert raw.hex() not in state
    assert repr(raw)[2:-1] not in state


async def test_a_pending_account_shows_nothing_a_client_would_tell(door: Door) -> None:
    await door.preregister()
    (account,) = await accounts(door, includeContacts="Y")
    assert set(account) == {"acmeAccountID", "accountStatus", "eabMACKeyb64url", "eabMACIDb64url"}


async def test_a_used_account_shows_its_client(door: Door) -> None:
    kid = await door.preregister()
    await use(door, kid)
    (account,) = await accounts(door, lastActivityOf="account", includeContacts="Y")
    assert account["accountStatus"] == "valid"
    assert account["userAgent"] == "CertbotACMEClient/2.0"
    assert account["ipAddress"] == "10.0.1.64"
    assert account["lastActivity"] == "2019-03-14T14:37:42Z"
    assert account["contacts"] == ["mailto:ops@example.com"]


async def test_last_activity_is_the_eabs_and_contacts_are_hidden_by_default(door: Door) -> None:
    kid = await door.preregister()
    await use(door, kid)
    (account,) = await accounts(door)
    assert account["lastActivity"] == "2020-01-01T00:00:00Z"
    assert "contacts" not in account


async def test_listaccounts_filters(door: Door) -> None:
    one, two = await door.preregister(), await door.preregister()
    await add_account(door, one, "sibling")
    everything = {one, two, "sibling"}
    assert set(await statuses(door)) == everything
    assert set(await statuses(door, acmeAccountID=one)) == {one}
    assert set(await statuses(door, acmeAccountID="sibling")) == {"sibling"}
    siblings = {one, "sibling"}
    for account in siblings:
        listed = await statuses(door, acmeAccountID=account, includeAdditionalAccounts="Y")
        assert set(listed) == siblings
    assert set(await statuses(door, eabKeyID=one)) == siblings
    assert set(await statuses(door, eabKeyID=one, includeAdditionalAccounts="Y")) == siblings
    assert set(await statuses(door, eabKeyID=one, acmeAccountID=two)) == {two}


async def test_listaccounts_needs_an_id_with_include_additional_accounts(door: Door) -> None:
    answered = await door.action("LISTACCOUNTS", includeAdditionalAccounts="N")
    assert answered.json["detail"] == "The 'acmeAccountID' argument is missing!"


@pytest.mark.parametrize("name", ["acmeAccountID", "eabKeyID"])
async def test_listaccounts_refuses_unknown_ids(door: Door, name: str) -> None:
    answered = await door.action("LISTACCOUNTS", **{name: "unknown"})
    assert answered.json["detail"] == f"The value of the '{name}' argument is invalid!"


async def test_listaccounts_pages(door: Door) -> None:
    made = []
    for _ in range(5):
        made.append(await door.preregister())
        door.clock.advance(seconds=1)
    pages = [list(await statuses(door, page=str(page), size="2")) for page in range(4)]
    assert pages == [made[0:2], made[2:4], made[4:], []]


async def test_listbindings(door: Door) -> None:
    unused, used = await door.preregister(), None
    door.clock.advance(seconds=1)
    used = await door.preregister()
    await use(door, used)
    first, second = (await door.action("LISTBINDINGS")).json["Bindings"]
    assert set(first) == {"reusable", "eabMACKeyb64url", "eabMACIDb64url"}
    assert (first["reusable"], first["eabMACIDb64url"]) == (True, unused)
    assert (second["lastActivity"], second["eabMACIDb64url"]) == ("2020-01-01T00:00:00Z", used)
    await door.action("DEACTIVATEACCOUNT", acmeAccountID=unused)
    assert (await door.action("LISTBINDINGS")).json["Bindings"][0]["reusable"] is False


async def test_suspension_takes_the_whole_eab_by_default(door: Door) -> None:
    kid, other = await door.preregister(), await door.preregister()
    await add_account(door, kid, "sibling")
    assert await updated(door, "SUSPENDACCOUNT", acmeAccountID="sibling") == 2
    assert await eab_state(door, kid) == ("active", True)
    assert await statuses(door) == {kid: "suspended", "sibling": "suspended", other: "pending"}


async def test_suspension_of_one_account_leaves_the_eab(door: Door) -> None:
    kid = await door.preregister()
    await add_account(door, kid, "sibling")
    only = {"acmeAccountID": "sibling", "includeAdditionalAccounts": "N"}
    assert await updated(door, "SUSPENDACCOUNT", **only) == 1
    assert await eab_state(door, kid) == ("active", False)
    assert await statuses(door) == {kid: "pending", "sibling": "suspended"}
    assert await updated(door, "SUSPENDACCOUNT", **only) == 0


async def test_unsuspension_returns_each_account_to_its_former_state(door: Door) -> None:
    kid, other = await door.preregister(), await door.preregister()
    await add_account(door, kid, "sibling")
    await add_account(door, kid, "ended")
    await updated(door, "DEACTIVATEACCOUNT", acmeAccountID="ended", includeAdditionalAccounts="N")
    before = await statuses(door)
    assert await updated(door, "SUSPENDACCOUNT", includeAdditionalAccounts="*") == 3
    assert await eab_state(door, other) == ("active", True)
    assert await updated(door, "UNSUSPENDACCOUNT", includeAdditionalAccounts="*") == 3
    assert await statuses(door) == before
    assert await eab_state(door, kid) == await eab_state(door, other) == ("active", False)


async def test_deactivation_is_for_good(door: Door) -> None:
    kid = await door.preregister()
    await add_account(door, kid, "sibling")
    assert await updated(door, "DEACTIVATEACCOUNT", acmeAccountID=kid) == 2
    assert await eab_state(door, kid) == ("deactivated", False)
    assert await updated(door, "UNSUSPENDACCOUNT", acmeAccountID=kid) == 0
    assert await updated(door, "SUSPENDACCOUNT", acmeAccountID=kid) == 0
    assert set((await statuses(door)).values()) == {"deactivated"}


async def test_e7_what_is_deactivated_cannot_be_deactivated_again(door: Door) -> None:
    kid = await door.preregister()
    await add_account(door, kid, "sibling")
    only = {"acmeAccountID": "sibling", "includeAdditionalAccounts": "N"}
    assert await updated(door, "DEACTIVATEACCOUNT", **only) == 1
    again = await door.action("DEACTIVATEACCOUNT", **only)
    assert (again.status, again.json["detail"]) == (403, "Account could not be deactivated!")
    assert await updated(door, "DEACTIVATEACCOUNT", acmeAccountID="sibling") == 1
    assert (await door.action("DEACTIVATEACCOUNT", acmeAccountID="sibling")).status == 403
    assert await updated(door, "DEACTIVATEACCOUNT", includeAdditionalAccounts="*") == 0


async def test_a_suspended_account_can_be_deactivated_and_is_shown_so(door: Door) -> None:
    kid = await door.preregister()
    await updated(door, "SUSPENDACCOUNT", acmeAccountID=kid)
    assert await updated(door, "DEACTIVATEACCOUNT", acmeAccountID=kid) == 1
    assert await statuses(door) == {kid: "deactivated"}


@pytest.mark.parametrize("action", ["SUSPENDACCOUNT", "UNSUSPENDACCOUNT", "DEACTIVATEACCOUNT"])
async def test_the_account_is_left_out_with_the_star_and_only_then(door: Door, action: str) -> None:
    kid = await door.preregister()
    before = await door.state()
    for fields in ({}, {"includeAdditionalAccounts": "N"}, {"acmeAccountID": ""}):
        answered = await door.action(action, **fields)
        assert answered.json["detail"] == "The 'acmeAccountID' argument is missing!"
    answered = await door.action(action, acmeAccountID=kid, includeAdditionalAccounts="*")
    assert answered.json["detail"] == INVALID_ACCOUNT
    answered = await door.action(action, acmeAccountID="unknown")
    assert answered.json["detail"] == INVALID_ACCOUNT
    assert await door.state() == before


async def test_the_star_stays_inside_the_reseller(door: Door) -> None:
    kid = await door.preregister()
    async with open_work(door.pool, START, OPERATOR) as work:
        await resellers.add_reseller(work, login="other", password=PASSWORD)
    stars = {"includeAdditionalAccounts": "*", "loginName": "other"}
    assert await updated(door, "DEACTIVATEACCOUNT", **stars) == 0
    assert await statuses(door) == {kid: "pending"}


async def test_every_changed_account_and_credential_is_audited(door: Door) -> None:
    kid = await door.preregister()
    await updated(door, "SUSPENDACCOUNT", acmeAccountID=kid)
    async with door.pool.acquire() as connection:
        events = await connection.fetch(
            "SELECT * FROM audit.event WHERE subject = $1 ORDER BY id DESC LIMIT 2", kid
        )
    assert {event["action"] for event in events} == {"account.suspended", "credential.suspended"}
    for event in events:
        assert event["actor"] == f"reseller:{LOGIN}"
        assert str(event["source"]) == "127.0.0.1"
        assert (event["before"]["suspended"], event["after"]["suspended"]) == (False, True)


async def test_each_change_raises_the_version_that_finalize_compares(door: Door) -> None:
    kid = await door.preregister()
    for fields in ({"acmeAccountID": kid}, {"includeAdditionalAccounts": "*"}):
        async with door.pool.acquire() as connection:
            before = await connection.fetchval("SELECT version FROM subscription.eab_credential")
            await door.action("SUSPENDACCOUNT", **fields)
            after = await connection.fetchval("SELECT version FROM subscription.eab_credential")
        assert after > before


async def test_concurrent_changes_of_overlapping_scopes_do_not_deadlock(door: Door) -> None:
    kids = [await door.preregister() for _ in range(4)]
    scopes = [{"includeAdditionalAccounts": "*"}, *({"acmeAccountID": kid} for kid in kids)]
    answers = await asyncio.gather(
        *(
            door.action(action, headers={"Idempotency-Key": f"{round_}{action}{n}"}, **scope)
            for round_ in range(3)
            for action in ("SUSPENDACCOUNT", "UNSUSPENDACCOUNT")
            for n, scope in enumerate(scopes)
        )
    )
    assert {answered.status for answered in answers} == {200}
