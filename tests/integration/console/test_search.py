"""The one box of operators, and the pages it leads to: credentials and certificates."""

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.rules.operation import clues
from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.looked_up import NAME, certificate_of, credential_with_name, kid, serial
from tests.support.waiting import waiting_check, waiting_prevalidation

FIND = "/console/find"


async def hits(operator: ConsolePerson, text: str) -> list[tuple[str, str]]:
    """Kind and link of what is found."""
    page = await operator.get(f"{FIND}?q={text}")
    assert page.status == 200
    return re.findall(r'data-hit="([^"]+)">\s*<td>[^<]*</td>\s*<td><a href="([^"]+)"', page.text)


async def test_everything_is_found_by_what_one_has_in_hand_of_it(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    eab = await credential_with_name(gateway)
    number = await certificate_of(gateway, eab)
    [row] = await gateway.pool.fetch(
        """
        SELECT account.id AS account, certificate.order_id, purchase.order_number
          FROM ca.certificate
          JOIN acme.account ON account.id = certificate.account_id
          CROSS JOIN reseller.purchase
        """
    )
    credential, issued = f"/console/credentials/{eab.kid}", f"/console/issued/{number}"
    reseller = await gateway.pool.fetchval("SELECT id::text FROM reseller.account")
    owner = f"/console/resellers/{reseller}"
    placed = f"/console/acme-orders/{row['order_id']}"
    expected: dict[str, set[tuple[str, str]]] = {
        "demo": {("reseller", owner)},
        eab.kid: {("credential", credential), ("account", credential)},
        row["account"]: {("credential", credential), ("account", credential)},
        NAME: {("name", credential), ("certificate", issued), ("ACME order", placed)},
        NAME.upper(): {("name", credential), ("certificate", issued), ("ACME order", placed)},
        "www.exam": {("name", credential)},
        f"https://{NAME}/shop": {
            ("name", credential),
            ("certificate", issued),
            ("ACME order", placed),
        },
        number: {("certificate", issued), ("ACME order", placed)},
        ":".join(re.findall("..", number.upper())): {
            ("certificate", issued),
            ("ACME order", placed),
        },
        f"0x{number}": {("certificate", issued), ("ACME order", placed)},
        str(row["order_number"]): {("order", owner)},
        str(row["order_id"]): {("ACME order", placed)},
    }
    for text, found in expected.items():
        assert set(await hits(operator, text)) == found, text
        for _, link in found:
            assert (await operator.get(link)).status == 200


async def test_orders_of_other_families_are_found(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    cert_id = await waiting_check(gateway)
    [(kind, _)] = await hits(operator, cert_id)
    assert kind == "SSL order"
    number = await waiting_prevalidation(gateway)
    found = ("pre-validation", f"/console/queues/prevalidations/{number}")
    assert found in await hits(operator, number)


@pytest.mark.parametrize("text", ["nothing.example", "ff" * 16, "999999999999999999", "%25", "a"])
async def test_what_is_not_there_is_said_with_what_to_do(
    operator: ConsolePerson, text: str
) -> None:
    page = await operator.get(f"{FIND}?q={text}")
    assert page.status == 200
    assert "Nothing is found. Look for the whole serial" in page.text


@pytest.mark.parametrize("text", ["x" * 301, "a%00b"])
async def test_a_text_that_nothing_can_be_is_refused_beside_the_box(
    operator: ConsolePerson, text: str
) -> None:
    assert (await operator.get(f"{FIND}?q={text}")).status == 422


def test_clues_are_read_in_every_usual_spelling() -> None:
    assert clues.serial_of("0A:FF") == "0aff"
    assert clues.serial_of("000aff") == "0aff"
    assert clues.serial_of("xyz") is None
    assert clues.serial_of("a" * 41) is None
    assert clues.names_of("*.example.com") == ["example.com", "*.example.com"]
    assert clues.names_of("bücher.example.com")[0] == "xn--bcher-kva.example.com"
    assert clues.names_of("no name") == []
    assert clues.beginning_of("ab") is None
    assert clues.beginning_of("Abc") == ("abc", "abc\U0010ffff")
    assert clues.number_of("1" * 19) is None


async def test_a_credential_shows_names_accounts_and_the_last_certificate(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    eab = await credential_with_name(gateway)
    number = await certificate_of(gateway, eab)
    page = await operator.get(f"/console/credentials/{eab.kid}")
    assert f'data-name="{NAME}"' in page.text
    assert f'href="/console/issued/{number}"' in page.text
    assert page.text.count("data-account=") == 1
    assert f"subject={eab.kid}" in page.text


async def test_a_credential_is_suspended_and_reinstated_with_its_accounts(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    key = await kid(gateway)
    path = f"/console/credentials/{key}"
    await operator.submit(path, "suspend-credential")
    page = await operator.get(path)
    assert "Accounts that were suspended: 1." in page.text
    assert 'data-state="suspended"' in page.text
    await operator.submit(path, "reinstate-credential")
    assert 'data-state="active"' in (await operator.get(path)).text
    await operator.submit(path, f"suspend-{key}")
    states = "SELECT suspended FROM acme.account UNION ALL SELECT suspended FROM {}"
    query = states.format("subscription.eab_credential")
    assert [row[0] for row in await gateway.pool.fetch(query)] == [True, False]
    await operator.submit(path, f"reinstate-{key}")
    assert [row[0] for row in await gateway.pool.fetch(query)] == [False, False]
    who = "SELECT DISTINCT actor FROM audit.event WHERE action LIKE '%.suspended'"
    assert await gateway.pool.fetchval(who) == f"operator:{demo_data.OPERATOR}"


@pytest.mark.parametrize("key", ["nothing", "%00", "x" * 500])
async def test_what_is_no_credential_or_certificate_is_not_found(
    gateway: RunningGateway, operator: ConsolePerson, key: str
) -> None:
    for path in (f"/console/credentials/{key}", f"/console/issued/{key}"):
        assert (await operator.get(path)).status == 404
    own = f"/console/credentials/{await kid(gateway)}"
    fields = (await operator.get(own)).hidden("suspend-credential")
    assert (await operator.post(f"{own}/accounts/{key}/suspend", fields)).status == 404


async def test_a_certificate_shows_details_chain_and_owner(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await serial(gateway)
    page = await operator.get(f"/console/issued/{number}")
    for text in (number, NAME, "ECDSA secp256r1", 'data-state="valid"', ">demo</a>"):
        assert text in page.text
    file = await operator.get(f"/console/issued/{number}/chain.pem")
    leaf, *chain = x509.load_pem_x509_certificates(file.text.encode())
    assert f"{leaf.serial_number:x}" == number.lstrip("0")
    leaf.verify_directly_issued_by(chain[0])


async def test_a_certificate_is_revoked_once_for_a_reason(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await serial(gateway)
    path = f"/console/issued/{number}"
    seen = await operator.get(path)
    for fields, shown in (
        ({"reason": "9"}, "Tick the box to go on."),
        ({"reason": "2", "sure": "Y"}, "Choose one of the reasons."),
        ({"sure": "Y"}, "Enter a value here."),
    ):
        refused = await operator.submit(path, "revoke", **fields)
        assert refused.status == 422
        assert shown in refused.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM ca.revocation") == 0
    answer = await operator.submit(path, "revoke", reason="9", sure="Y")
    assert (answer.status, answer.to) == (303, path)
    page = await operator.get(path)
    assert 'data-state="revoked">revoked: privilegeWithdrawn' in page.text
    late = {**seen.hidden("revoke"), "reason": "4", "sure": "Y"}
    again = await operator.post(f"{path}/revoke", late)
    assert again.status == 422
    assert "The certificate was revoked before." in again.text
    [event] = await gateway.pool.fetch(
        "SELECT actor, subject, after FROM audit.event WHERE action = 'certificate.revoked'"
    )
    who = f"operator:{demo_data.OPERATOR}"
    assert tuple(event) == (who, number, {"reason": "privilegeWithdrawn"})


async def test_key_compromise_revokes_all_certificates_of_the_key(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    first = await certificate_of(gateway, await credential_with_name(gateway), key)
    second = await certificate_of(gateway, await credential_with_name(gateway), key)
    await operator.submit(f"/console/issued/{first}", "revoke", reason="1", sure="Y")
    revoked = await gateway.pool.fetch("SELECT serial, reason FROM ca.revocation")
    assert {(row["serial"], row["reason"]) for row in revoked} == {(first, 1), (second, 1)}


async def test_an_auditor_sees_a_certificate_and_no_way_to_revoke_it(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await serial(gateway)
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    assert 'id="revoke"' not in (await operator.get(f"/console/issued/{number}")).text
