"""The queues: what waits, decided once, with the person's name and a reason."""

import asyncio

import pytest

from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.waiting import waiting_check, waiting_prevalidation, waiting_unsubscription

QUEUES = "/console/queues"


async def events(gateway: RunningGateway, action: str) -> list[tuple[str, str]]:
    rows = await gateway.pool.fetch(
        "SELECT actor, subject FROM audit.event WHERE action = $1 ORDER BY id", action
    )
    return [(row["actor"], row["subject"]) for row in rows]


async def test_empty_queues_say_so(operator: ConsolePerson) -> None:
    assert "Nothing waits for a decision." in (await operator.get(QUEUES)).text


async def test_everything_that_waits_is_listed_and_linked(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await waiting_prevalidation(gateway)
    unsubscription = await waiting_unsubscription(gateway)
    cert_id = await waiting_check(gateway)
    page = await operator.get(QUEUES)
    for path in (
        f"{QUEUES}/prevalidations/{number}",
        f"{QUEUES}/unsubscriptions/{unsubscription}",
        f"{QUEUES}/ssl/{cert_id}",
    ):
        assert f'href="{path}"' in page.text
        assert (await operator.get(path)).status == 200
    assert "Example GmbH" in page.text


async def test_a_prevalidation_is_examined_and_approved_until_a_day(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await waiting_prevalidation(gateway)
    path = f"{QUEUES}/prevalidations/{number}"
    assert (await operator.submit(path, "begin")).status == 303
    assert 'data-state="in_validation"' in (await operator.get(path)).text
    answer = await operator.submit(
        path, "approve", expires="2098-06-30", evidence="register of Berlin"
    )
    assert (answer.status, answer.to) == (303, QUEUES)
    page = await operator.get(path)
    assert 'datetime="2098-06-30T23:59:59Z"' in page.text
    assert f"operator:{demo_data.OPERATOR}: register of Berlin" in page.text
    assert 'id="approve"' not in page.text
    who = f"operator:{demo_data.OPERATOR}"
    assert await events(gateway, "prevalidation.approved") == [(who, number)]


@pytest.mark.parametrize("day", ["2001-01-01", "tomorrow", "2026-02-30", "2098-W01-1", "x" * 99])
async def test_a_day_that_cannot_be_is_refused_and_nothing_is_approved(
    gateway: RunningGateway, operator: ConsolePerson, day: str
) -> None:
    number = await waiting_prevalidation(gateway)
    path = f"{QUEUES}/prevalidations/{number}"
    answer = await operator.submit(path, "approve", expires=day, evidence="kept input")
    assert answer.status == 422
    assert 'value="kept input"' in answer.text
    assert await events(gateway, "prevalidation.approved") == []


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("prevalidations", "reject", "evidence"),
        ("unsubscriptions", "keep", "reason"),
        ("ssl", "fail", "reason"),
    ],
)
async def test_a_rejection_needs_a_reason_of_one_line(
    gateway: RunningGateway, operator: ConsolePerson, kind: str, form: str, field: str
) -> None:
    make = {
        "prevalidations": waiting_prevalidation,
        "unsubscriptions": waiting_unsubscription,
        "ssl": waiting_check,
    }[kind]
    path = f"{QUEUES}/{kind}/{await make(gateway)}"
    for wrong in ("", " ", "x" * 501, "a\0b"):
        answer = await operator.submit(path, form, **{field: wrong})
        assert answer.status == 422
        assert "Check the marked fields." in answer.text
    answer = await operator.submit(path, form, **{field: "<b>wrong</b> documents"})
    assert (answer.status, answer.to) == (303, QUEUES)
    assert "is rejected." in (await operator.get(QUEUES)).text


async def test_an_approved_unsubscription_pays_once_however_often_it_is_sent(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await waiting_unsubscription(gateway)
    path = f"{QUEUES}/unsubscriptions/{number}"
    fields = (await operator.get(path)).hidden("pay-back")
    sent = [operator.post(f"{path}/approve", fields) for _ in range(3)]
    assert {(each.status, each.to) for each in await asyncio.gather(*sent)} == {(303, QUEUES)}
    refunds = "SELECT count(*) FROM reseller.ledger_entry WHERE kind = 'refund'"
    assert await gateway.pool.fetchval(refunds) == 1
    page = await operator.get(path)
    assert 'data-state="approved"' in page.text
    assert 'id="pay-back"' not in page.text


async def test_who_decides_second_sees_what_was_decided(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    path = f"{QUEUES}/unsubscriptions/{await waiting_unsubscription(gateway)}"
    seen = await operator.get(path)
    await operator.submit(path, "keep", reason="used")
    answer = await operator.post(f"{path}/approve", seen.hidden("pay-back"))
    assert answer.status == 422
    assert "rejected already: used" in answer.text


async def test_an_approved_organization_lets_the_certificate_be_issued(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    cert_id = await waiting_check(gateway)
    answer = await operator.submit(f"{QUEUES}/ssl/{cert_id}", "pass")
    assert (answer.status, answer.to) == (303, QUEUES)
    assert [subject for _, subject in await events(gateway, "ssl_order.reviewed")] == [cert_id]
    assert (await operator.get(f"{QUEUES}/ssl/{cert_id}")).status == 404


@pytest.mark.parametrize("kind", ["prevalidations", "unsubscriptions", "ssl"])
@pytest.mark.parametrize("key", ["0", "99999999", "9" * 40, "nonsense", "%00", "%ff", "%0a"])
async def test_what_is_in_no_queue_is_not_found(
    operator: ConsolePerson, kind: str, key: str
) -> None:
    assert (await operator.get(f"{QUEUES}/{kind}/{key}")).status == 404


async def test_an_auditor_sees_queues_without_buttons(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    for path in (
        f"prevalidations/{await waiting_prevalidation(gateway)}",
        f"unsubscriptions/{await waiting_unsubscription(gateway)}",
        f"ssl/{await waiting_check(gateway)}",
    ):
        page = await operator.get(f"{QUEUES}/{path}")
        assert page.status == 200
        assert page.text.count('<form method="post"') == 1  # that to sign out
