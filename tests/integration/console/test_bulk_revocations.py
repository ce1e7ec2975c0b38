"""Many certificates revoked at once: which, how many, confirmed, and how far it is."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.rules.operation import bulk_revocation as rules
from gateway.sandbox import demo_data
from gateway.usecases.operation import bulk_criteria, bulk_revocation, bulk_revocation_runner
from tests.integration.console.conftest import MOST_STATEMENTS
from tests.support.acme_client import make_csr
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway
from tests.support.issued import revocation
from tests.support.looked_up import NAME, certificate_of, credential_with_name
from tests.support.many_certificates import counts, many_certificates

LIST = "/console/bulk-revocations"
NEW = f"{LIST}/new"
MANY = "many.example.com"


@pytest.fixture
async def kid(gateway: RunningGateway) -> str:
    return (await credential_with_name(gateway)).kid


@pytest.fixture
async def serials(gateway: RunningGateway, kid: str) -> list[str]:
    """Certificates of one account for one name."""
    return await many_certificates(gateway.pool, kid, 12, await gateway.services.clock.now())


async def prepared(
    operator: ConsolePerson, criterion: str, value: str, reason: str = "4"
) -> PageAnswer:
    """The page that shows what would be revoked."""
    fields = {"criterion": criterion, "value": value, "reason": reason, "why": "ticket 4711"}
    answer = await operator.submit(NEW, "prepare", **fields)
    assert answer.status == 303, answer.text
    page = await operator.get(answer.to)
    page.headers = {"Location": answer.to}
    return page


def number_on(page: PageAnswer) -> int:
    """How many certificates would be revoked."""
    found = re.search(r'data-number="(\d+)"', page.text)
    return int(found[1]) if found else 0


async def finish(gateway: RunningGateway, path: str) -> None:
    """Does what the background does."""
    now = await gateway.services.clock.now()
    await bulk_revocation_runner.carry_out(gateway.pool, UUID(path.rpartition("/")[2]), now)


async def revoked(gateway: RunningGateway) -> dict[str, int]:
    """Reasons by serial."""
    rows = await gateway.pool.fetch("SELECT serial, reason FROM ca.revocation")
    return {row["serial"]: row["reason"] for row in rows}


async def test_all_certificates_of_a_name_are_shown_confirmed_and_revoked(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str]
) -> None:
    page = await prepared(operator, "name", MANY.upper())
    assert number_on(page) == 12
    assert re.findall(r'data-serial="(\w+)"', page.text) == serials[:10]
    assert "the first 10 of them" in page.text
    assert await revoked(gateway) == {}
    unsure = await operator.submit(page.to, "start")
    assert (unsure.status, "Tick the box to go on." in unsure.text) == (422, True)
    answer = await operator.submit(page.to, "start", sure="Y")
    assert (answer.status, answer.to) == (303, page.to)
    await finish(gateway, page.to)
    assert await revoked(gateway) == dict.fromkeys(serials, 4)
    ended = (await operator.get(page.to)).text
    assert 'data-state="done"' in ended
    assert "12 of 12 revoked, 0 failed" in ended
    events = await gateway.pool.fetch(
        "SELECT action, actor, after FROM audit.event WHERE subject = $1 ORDER BY id",
        page.to.rpartition("/")[2],
    )
    who = f"operator:{demo_data.OPERATOR}"
    assert [(row["action"], row["actor"]) for row in events] == [
        ("bulk_revocation.prepared", who),
        ("bulk_revocation.started", who),
        ("bulk_revocation.done", who),
    ]
    assert events[0]["after"]["why"] == "ticket 4711"
    about = await gateway.pool.fetchval(
        "SELECT after FROM audit.event WHERE action = 'certificate.revoked' AND subject = $1",
        serials[0],
    )
    bulk_id = page.to.rpartition("/")[2]
    assert about == {"reason": "superseded", "bulkRevocation": bulk_id}


async def test_when_the_number_has_changed_since_it_was_shown_it_is_asked_again(
    gateway: RunningGateway, operator: ConsolePerson, kid: str, serials: list[str]
) -> None:
    page = await prepared(operator, "credential", kid)
    fields = {**page.hidden("start"), "sure": "Y"}
    now = await gateway.services.clock.now()
    await many_certificates(gateway.pool, kid, 3, now)
    refused = await operator.post(f"{page.to}/start", fields)
    assert refused.status == 409
    assert "It would be 15 certificates now, not 12. Nothing was revoked" in refused.text
    assert refused.hidden("start")["shown"] == "15"
    assert await revoked(gateway) == {}
    again = await operator.post(f"{page.to}/start", {**refused.hidden("start"), "sure": "Y"})
    assert again.status == 303
    bulk_id = UUID(page.to.rpartition("/")[2])
    assert (await counts(gateway.pool, bulk_id))[1] == 15


async def test_what_is_started_twice_or_cancelled_is_not_started_again(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str]
) -> None:
    page = await prepared(operator, "account", await account_of(gateway, serials[0]))
    fields = {**page.hidden("start"), "sure": "Y"}
    cancelled = await operator.submit(page.to, "cancel")
    assert cancelled.status == 303
    late = await operator.post(f"{page.to}/start", fields)
    assert (late.status, "started or cancelled before" in late.text) == (422, True)
    again = await operator.post(f"{page.to}/cancel", {**page.hidden("cancel"), "once": "x" * 20})
    assert (again.status, "it is cancelled already" in again.text) == (422, True)
    await finish(gateway, page.to)
    assert await revoked(gateway) == {}


async def account_of(gateway: RunningGateway, serial: str) -> str:
    query = "SELECT account_id FROM ca.certificate WHERE serial = $1"
    return str(await gateway.pool.fetchval(query, serial))


async def test_of_a_list_what_is_unknown_is_said_and_counts_as_failed(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str]
) -> None:
    shown = ":".join(re.findall("..", serials[0].upper()))
    text = f"# from the report\n{shown}\n{serials[1]}, {serials[1]}\n00ff00ff; 0xbeef"
    page = await prepared(operator, "serials", text)
    assert number_on(page) == 2
    assert "Serials that no certificate has: 2. beef, ff00ff" in page.text
    await operator.submit(page.to, "start", sure="Y")
    await finish(gateway, page.to)
    ended = (await operator.get(page.to)).text
    assert "2 of 4 revoked, 2 failed" in ended
    assert re.findall(r'data-failed="(\w+)"', ended) == ["beef", "ff00ff"]
    assert set(await revoked(gateway)) == set(serials[:2])


async def test_what_has_ended_or_is_revoked_is_left_out(
    gateway: RunningGateway, operator: ConsolePerson, kid: str, serials: list[str]
) -> None:
    now = await gateway.services.clock.now()
    await many_certificates(gateway.pool, kid, 2, now - timedelta(days=200))
    await revocation(gateway.pool, serials[3], now)
    page = await prepared(operator, "credential", kid)
    assert number_on(page) == 11


async def test_a_name_is_taken_as_it_stands_in_certificates(
    gateway: RunningGateway, operator: ConsolePerson, kid: str, serials: list[str]
) -> None:
    now = await gateway.services.clock.now()
    await many_certificates(gateway.pool, kid, 2, now, f"*.{MANY}")
    for name, number in ((MANY, 12), (f"*.{MANY}", 2), ("other.example.com", 0)):
        assert number_on(await prepared(operator, "name", name)) == number


async def test_for_key_compromise_the_other_certificates_of_the_keys_are_counted_and_revoked(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str]
) -> None:
    await gateway.pool.execute(
        "UPDATE ca.certificate SET key_hash = '\\xab' WHERE serial = ANY ($1)", serials[:3]
    )
    assert number_on(await prepared(operator, "serials", serials[0], reason="4")) == 1
    page = await prepared(operator, "serials", serials[0], reason="1")
    assert number_on(page) == 3
    await operator.submit(page.to, "start", sure="Y")
    await finish(gateway, page.to)
    assert await revoked(gateway) == dict.fromkeys(serials[:3], 1)


async def test_a_key_is_known_by_its_hash_or_as_pem(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = await certificate_of(gateway, await credential_with_name(gateway), key)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = await gateway.pool.fetchval("SELECT der FROM ca.certificate WHERE serial = $1", serial)
    pem = {
        "public key": key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ),
        "certificate": x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM),
        "CSR": x509.load_der_x509_csr(make_csr([NAME], key)).public_bytes(Encoding.PEM),
        "hash": sha256(spki).hexdigest().upper().encode(),
    }
    for what, text in pem.items():
        page = await prepared(operator, "key", text.decode())
        assert re.findall(r'data-serial="(\w+)"', page.text) == [serial], what
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    fields = {"criterion": "key", "value": private, "reason": "1", "why": "leaked"}
    refused = await operator.submit(NEW, "prepare", **fields)
    assert (refused.status, "a private key is not looked at" in refused.text) == (422, True)
    stored = "SELECT count(*) FROM operation.bulk_revocation WHERE value LIKE '%PRIVATE%'"
    assert await gateway.pool.fetchval(stored) == 0


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"value": ""}, "Enter a value here."),
        ({"criterion": "colour"}, "Choose one of these."),
        ({"reason": "2"}, "Choose one of the reasons."),
        ({"why": ""}, "Enter a value here."),
        ({"value": "no name"}, "is no domain name"),
        ({"criterion": "serials", "value": "xyz 0aff qrs"}, "no serials (hexadecimal): "),
        ({"criterion": "serials", "value": "# nothing"}, "the list has no serial"),
        ({"criterion": "key", "value": "abcd"}, "give the SHA-256 of the public key"),
        ({"criterion": "key", "value": "-----BEGIN CERTIFICATE-----"}, "this cannot be read"),
        ({"criterion": "account", "value": "x" * 101}, "cannot be an id"),
    ],
)
async def test_what_cannot_be_selected_is_said_beside_the_field(
    gateway: RunningGateway, operator: ConsolePerson, fields: dict[str, str], shown: str
) -> None:
    right = {"criterion": "name", "value": MANY, "reason": "4", "why": "ticket 4711"}
    refused = await operator.submit(NEW, "prepare", **{**right, **fields})
    assert refused.status == 422
    assert re.search(r'class="error" id="prepare-\w+-error"', refused.text)
    assert shown in refused.text
    assert await gateway.pool.fetchval("SELECT count(*) FROM operation.bulk_revocation") == 0


async def test_with_nothing_to_revoke_there_is_no_button(operator: ConsolePerson) -> None:
    page = await prepared(operator, "name", "nothing.example.com")
    assert "No certificate that is still valid fits." in page.text
    assert 'id="start"' not in page.text


async def test_more_than_the_most_are_not_revoked_at_once(
    gateway: RunningGateway,
    operator: ConsolePerson,
    serials: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = await prepared(operator, "name", MANY)
    fields = {**page.hidden("start"), "shown": "11", "sure": "Y"}
    monkeypatch.setattr(bulk_criteria, "MOST", 10)
    monkeypatch.setattr(bulk_criteria, "_FOUND_AT_MOST", 11)
    monkeypatch.setattr(bulk_revocation, "MOST", 10)
    monkeypatch.setattr(rules, "MOST", 10)
    seen = await operator.get(page.to)
    assert "More than 10 certificates: that is too many at once." in seen.text
    assert 'id="start"' not in seen.text
    refused = await operator.post(f"{page.to}/start", fields)
    assert (refused.status, "these are more than 10 certificates" in refused.text) == (422, True)
    assert await revoked(gateway) == {}


async def test_an_auditor_looks_and_revokes_nothing(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str]
) -> None:
    page = await prepared(operator, "name", MANY)
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    seen = await operator.get(page.to)
    assert number_on(seen) == 12
    assert seen.text.count('<form method="post"') == 1, "signing out"
    assert NEW not in (await operator.get(LIST)).text


async def test_the_pages_ask_few_statements(
    gateway: RunningGateway, operator: ConsolePerson, serials: list[str], asked: list[str]
) -> None:
    page = await prepared(operator, "serials", " ".join(serials), reason="1")
    for path in (LIST, page.to):
        asked.clear()
        await operator.get(path)
        assert len(asked) <= MOST_STATEMENTS, asked
    await operator.submit(page.to, "start", sure="Y")
    asked.clear()
    running = await operator.get(page.to)
    assert len(asked) <= MOST_STATEMENTS
    assert 'data-hx-trigger="every 2s"' in running.text
    assert "Look again" in running.text, "without scripts"
    await finish(gateway, page.to)
    assert "data-hx-trigger" not in (await operator.get(page.to)).text


async def test_all_are_listed_the_newest_first(operator: ConsolePerson, serials: list[str]) -> None:
    assert "Nothing was revoked in bulk yet." in (await operator.get(LIST)).text
    first = await prepared(operator, "name", MANY)
    second = await prepared(operator, "serials", serials[0])
    listed = re.findall(r'data-bulk="([^"]+)"', (await operator.get(LIST)).text)
    assert listed == [each.to.rpartition("/")[2] for each in (second, first)]


async def test_the_pages_of_a_certificate_and_a_credential_lead_to_all_of_them(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    eab = await credential_with_name(gateway)
    serial = await certificate_of(gateway, eab)
    for path in (f"/console/issued/{serial}", f"/console/credentials/{eab.kid}"):
        page = await operator.get(path)
        [link] = re.findall(r'href="(/console/bulk-revocations/new[^"]+)"', page.text)
        form = (await operator.get(link.replace("&amp;", "&"))).text
        values: Any = re.search(r"<textarea[^>]*>\s*([^<]+)</textarea>", form)
        selected: Any = re.search(r'<option value="(\w+)" selected>', form)
        assert number_on(await prepared(operator, selected[1], values[1])) == 1
