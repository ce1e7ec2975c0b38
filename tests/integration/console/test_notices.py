"""The pages of notices: destinations, tests, deliveries with their answers, replay."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.integration.notice.conftest import notice_gateway
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, WebhookReceiver, hook, mailbox
from tests.support.server_process import until

NOTICES = "/console/notices"
LOW = "balance.low"


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with hook() as served:
        yield served


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as served:
        yield served


@pytest.fixture
async def gateway(database: str, tmp_path: Path, box: Mailbox) -> AsyncIterator[RunningGateway]:
    async with notice_gateway(database, tmp_path, box) as running:
        yield running


@pytest.fixture
async def notices(gateway: RunningGateway) -> NoticeOperator:
    return NoticeOperator(gateway.services)


async def added(person: ConsolePerson, url: str, kind: str = LOW) -> tuple[str, str]:
    """Adds a webhook; gives its page and its secret."""
    answer = await person.submit(NOTICES, "webhook", address=url, kind=kind)
    assert answer.status == 303, answer.text
    [secret] = re.findall(r"whsec_[^ ]+", (await person.get(answer.to)).text)
    return answer.to, secret


async def deliveries(person: ConsolePerson, path: str) -> list[str]:
    return re.findall(r'data-delivery="(\w+)"', (await person.get(path)).text)


async def test_a_webhook_is_added_and_its_secret_shown_once(
    reseller: ConsolePerson, receiver: WebhookReceiver, notices: NoticeOperator
) -> None:
    assert "Notices are sent nowhere yet." in (await reseller.get(NOTICES)).text
    path, secret = await added(reseller, receiver.url)
    assert secret not in (await reseller.get(path)).text
    assert (await reseller.submit(path, "test")).status == 303
    await receiver.until(1)
    assert [each["type"] for each in receiver.verified(secret)] == ["notice.test"]
    await until(lambda: notices.undelivered_are(0), "it is recorded")
    assert await deliveries(reseller, path) == ["delivered"]
    listed = (await reseller.get(NOTICES)).text
    assert "A test notice for demo" in listed
    assert "1 of 1" in listed


async def test_each_delivery_shows_its_attempts_with_their_answers(
    reseller: ConsolePerson, receiver: WebhookReceiver, notices: NoticeOperator
) -> None:
    receiver.answers = [503]
    receiver.says = lambda _: "<b>down & out</b>" if not receiver.posts else ""
    path, _ = await added(reseller, receiver.url)
    await reseller.submit(path, "test")
    await receiver.until(1)

    async def both_are_kept() -> bool:
        return bool(await notices.pool.fetchval("SELECT count(*) = 2 FROM notice.attempt"))

    await until(both_are_kept, "both attempts are recorded")
    page = (await reseller.get(path)).text
    assert re.findall(r'data-attempt="(\w+)"', page) == ["204", "503"]
    assert "<q>&lt;b&gt;down &amp; out&lt;/b&gt;</q>" in page
    assert "the receiver answered 503" in page


async def test_a_mail_address_is_added_and_tested(reseller: ConsolePerson, box: Mailbox) -> None:
    answer = await reseller.submit(NOTICES, "mail", address="it@shop.example", kind=LOW)
    assert answer.status == 303
    await reseller.submit(answer.to, "test")
    await box.until(1)
    assert box.recipients == ["it@shop.example"]
    assert "Make another secret" not in (await reseller.get(answer.to)).text


@pytest.mark.parametrize(
    ("form", "fields", "field"),
    [
        ("webhook", {"address": ""}, "address"),
        ("webhook", {"address": "ftp://hooks.example/"}, "address"),
        ("webhook", {"address": "nonsense"}, "address"),
        ("webhook", {"address": "https://user:pw@hooks.example/"}, "address"),
        ("webhook", {"address": "https://hooks.example/" + "x" * 2000}, "address"),
        ("webhook", {"kind": "nonsense"}, "kind"),
        ("webhook", {"kind": ""}, "kind"),
        ("mail", {"address": "nobody"}, "address"),
        ("mail", {"kind": "nonsense"}, "kind"),
    ],
)
async def test_a_wrong_field_of_a_destination_is_shown_beside_it(
    reseller: ConsolePerson, form: str, fields: dict[str, str], field: str
) -> None:
    good = {"webhook": "https://hooks.example/", "mail": "it@shop.example"}[form]
    answer = await reseller.submit(NOTICES, form, **{"address": good, "kind": LOW, **fields})
    assert answer.status == 422
    assert f'id="{form}-{field}-error"' in answer.text
    assert "Notices are sent nowhere yet." in answer.text


async def test_the_same_address_twice_and_an_eleventh_are_refused(
    reseller: ConsolePerson,
) -> None:
    await added(reseller, "https://hooks.example/0")
    again = await reseller.submit(NOTICES, "webhook", address="https://hooks.example/0", kind=LOW)
    assert again.status == 422
    assert 'id="webhook-address-error"' in again.text
    for number in range(1, 10):
        page = await reseller.get(NOTICES)
        await added(reseller, f"https://hooks.example/{number}")
    assert "remove one to add another" in (await reseller.get(NOTICES)).text
    fields = {**page.hidden("webhook"), "address": "https://hooks.example/10", "kind": LOW}
    fields["once"] = page.hidden("mail")["once"]
    eleventh = await reseller.post(f"{NOTICES}/webhooks", fields)
    assert eleventh.status == 422


async def test_the_kinds_of_a_destination_are_changed(
    reseller: ConsolePerson, notices: NoticeOperator, receiver: WebhookReceiver
) -> None:
    path, _ = await added(reseller, receiver.url)
    answer = await reseller.submit(path, "kinds", kind="issuance.refused")
    assert (answer.status, answer.to) == (303, path)
    assert (await notices.destination()).kinds == ["issuance.refused"]
    assert re.search('value="issuance.refused" checked', (await reseller.get(path)).text)
    none = await reseller.submit(path, "kinds", kind="nonsense")
    assert none.status == 422
    assert 'id="kinds-kind-error"' in none.text


async def test_nothing_is_sent_to_a_suspended_destination_until_it_is_resumed(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    notices: NoticeOperator,
    receiver: WebhookReceiver,
) -> None:
    path, _ = await added(reseller, receiver.url)
    assert (await reseller.submit(path, "suspend")).status == 303
    suspended = await reseller.get(path)
    assert 'data-state="parked"' in suspended.text
    assert "suspended by its owner" in suspended.text
    for _ in range(2):
        await reseller.submit(path, "test")
    assert await deliveries(reseller, path) == ["pending", "pending"]
    assert receiver.arrived == 0
    assert (await reseller.submit(path, "resume")).status == 303
    await receiver.until(2)
    await until(lambda: notices.undelivered_are(0), "both are recorded")
    assert 'data-state="active"' in (await reseller.get(path)).text
    actions = await gateway.pool.fetch(
        "SELECT action, actor FROM audit.event WHERE action LIKE 'destination.%' ORDER BY id"
    )
    assert [tuple(row) for row in actions] == [
        (f"destination.{verb}", "reseller:demo") for verb in ("added", "suspended", "resumed")
    ]


async def test_suspending_twice_is_refused_with_the_reason(
    reseller: ConsolePerson, receiver: WebhookReceiver
) -> None:
    path, _ = await added(reseller, receiver.url)
    page = await reseller.get(path)
    await reseller.submit(path, "suspend")
    fields = {**page.hidden("suspend"), "once": page.hidden("test")["once"]}
    answer = await reseller.post(f"{path}/suspend", fields)
    assert answer.status == 422
    assert "nothing is sent there already" in answer.text


async def test_an_answer_that_is_no_success_stands_on_the_page(
    reseller: ConsolePerson, notices: NoticeOperator, receiver: WebhookReceiver
) -> None:
    receiver.answers += [410]
    path, _ = await added(reseller, receiver.url)
    await reseller.submit(path, "test")
    await receiver.until_refused(1)

    async def parked() -> bool:
        return (await notices.destination()).status == "parked"

    await until(parked, "the destination is parked")
    text = unescape((await reseller.get(path)).text)
    assert "410" in text
    assert await deliveries(reseller, path) == ["pending"]
    assert "410" in (await reseller.get(NOTICES)).text


async def test_notices_of_some_days_are_sent_again(
    gateway: RunningGateway,
    reseller: ConsolePerson,
    notices: NoticeOperator,
    receiver: WebhookReceiver,
) -> None:
    await gateway.at("2027-03-10T12:00:00Z")
    path, _ = await added(reseller, receiver.url, kind="subscription.expiring")
    await notices.happen(await notices.credential(), 14, 7)
    await receiver.until(2)
    await until(lambda: notices.undelivered_are(0), "they are recorded")
    await reseller.sign_in()
    none = await reseller.submit(path, "replay", **{"from": "2028-01-01", "to": ""})
    assert "Notices that are sent again: 0." in (await reseller.get(none.to)).text
    again = await reseller.submit(path, "replay", **{"from": "2026-01-01", "to": ""})
    assert "Notices that are sent again: 2." in (await reseller.get(again.to)).text
    await receiver.until(4)
    assert [each.id for each in receiver.posts[:2]] == [each.id for each in receiver.posts[2:]]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
    ],
)
async def test_wrong_days_of_a_replay_are_shown_beside_their_fields(
    reseller: ConsolePerson, receiver: WebhookReceiver, fields: dict[str, str], field: str
) -> None:
    path, _ = await added(reseller, receiver.url)
    answer = await reseller.submit(path, "replay", **{"from": "", "to": "", **fields})
    assert answer.status == 422
    assert f'id="replay-{field}-error"' in answer.text


async def test_another_secret_is_shown_once_and_signs(
    reseller: ConsolePerson, notices: NoticeOperator, receiver: WebhookReceiver
) -> None:
    path, first = await added(reseller, receiver.url)
    answer = await reseller.submit(path, "rotate", drop_old="Y")
    [second] = re.findall(r"whsec_[^ ]+", (await reseller.get(answer.to)).text)
    assert second != first
    await reseller.submit(path, "test")
    await receiver.until(1)
    assert len(receiver.verified(second)) == 1


async def test_a_destination_is_removed_after_a_tick(
    reseller: ConsolePerson, receiver: WebhookReceiver
) -> None:
    path, _ = await added(reseller, receiver.url)
    unticked = await reseller.submit(path, "remove")
    assert unticked.status == 422
    assert "Tick the box to go on." in unticked.text
    answer = await reseller.submit(path, "remove", acknowledged="Y")
    assert (answer.status, answer.to) == (303, NOTICES)
    assert (await reseller.get(path)).status == 404
    assert "Notices are sent nowhere yet." in (await reseller.get(NOTICES)).text


async def test_a_destination_that_is_not_there_is_not_found(reseller: ConsolePerson) -> None:
    for name in ("nonsense", "0195d0a0-0000-7000-8000-000000000000"):
        assert (await reseller.get(f"{NOTICES}/{name}")).status == 404
