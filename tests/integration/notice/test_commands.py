"""`gateway notice …` on a running gateway."""

import json
from typing import Any

import pytest

from tests.integration.operation import test_cli
from tests.integration.operation.test_cli import Run
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, WebhookReceiver
from tests.support.server_process import until
from tests.support.shop import Shop

run = test_cli.run


async def done(run: Run, *words: str) -> str:
    status, output, errors = await run("notice", *words)
    assert (status, errors) == (0, ""), errors
    return output


async def refused(run: Run, *words: str) -> str:
    status, output, errors = await run("notice", *words)
    assert (status, output) == (1, ""), output
    assert errors.startswith("gateway: ")
    assert errors.count("\n") == 1
    return errors


async def listed(run: Run, channel: str = "webhook") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(await done(run, channel, "list", "demo", "--json"))
    return found


async def test_a_webhook_from_adding_to_removing(
    run: Run, operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [410]
    kinds = ("--kind", "subscription.expiring", "--kind", "balance.low")
    added = json.loads(await done(run, "webhook", "add", "demo", receiver.url, *kinds, "--json"))
    await done(run, "test", "demo", added["id"])
    await until(lambda: operator.has_status("parked"), "it is parked")
    await operator.happen(kid, 30)
    await until(lambda: operator.undelivered_are(2), "both wait")
    failing = json.loads(await done(run, "failed", "--json"))
    assert (failing["login"], failing["status"], failing["undelivered"]) == ("demo", "parked", 2)
    assert failing["lastError"] == "the receiver answered 410"
    assert receiver.url in await done(run, "failed")
    assert "is not sent" in await done(run, "skip", "demo", receiver.url)
    await done(run, "resume", "demo", receiver.url)
    await receiver.until(1)
    await until(lambda: operator.undelivered_are(0), "it is recorded")
    assert await done(run, "failed") == ""
    replayed = await done(run, "replay", "demo", "--since", "2025-01-01T00:00:00Z")
    assert replayed == "1 queued\n"
    await receiver.until(2)
    assert receiver.kinds == ["subscription.expiring"] * 2
    assert len(receiver.verified(added["secret"])) == 2
    [webhook] = await listed(run)
    assert (webhook["status"], webhook["kinds"]) == (
        "active",
        ["subscription.expiring", "balance.low"],
    )
    await done(run, "set", "demo", added["id"], "--kind", "certificate.issued")
    assert (await listed(run))[0]["kinds"] == ["certificate.issued"]
    await done(run, "webhook", "remove", "demo", added["id"])
    assert await listed(run) == []


async def test_mail_and_the_threshold(run: Run, box: Mailbox, shop: Shop) -> None:
    await done(run, "mail", "add", "demo", "it@reseller.test", "--kind", "balance.low")
    await done(run, "low-balance", "demo", "9999.00")
    await shop.add(await shop.credential(), "a.example.com")
    [mail] = await box.until(1)
    assert mail["Subject"] == "The balance is 9635.00 USD"
    assert "it@reseller.test" in await done(run, "mail", "list", "demo")
    assert await listed(run) == []
    await done(run, "low-balance", "demo", "default")
    await done(run, "mail", "remove", "demo", "it@reseller.test")
    assert await listed(run, "mail") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["webhook", "add", "nobody", "https://a.example/"], "there is no reseller 'nobody'"),
        (["webhook", "add", "demo", "ftp://a.example/"], "begins with https://"),
        (["webhook", "add", "demo", "https://a.example/", "--kind", "x"], "'x' is none of"),
        (["mail", "add", "demo", "a.example"], "no mail address"),
        (["webhook", "remove", "demo", "https://a.example/"], "has no webhook or mail address"),
        (["resume", "demo", "x"], "has no webhook or mail address"),
        (["skip", "demo", "x"], "has no webhook or mail address"),
        (["test", "demo", "x"], "has no webhook or mail address"),
        (["replay", "demo", "--since", "yesterday"], "is no instant"),
        (["replay", "demo", "--since", "2025-01-01T00:00:00"], "no time zone"),
        (["low-balance", "demo", "1.001"], "is not an amount"),
        (["low-balance", "demo", "1e3000000"], "is not an amount"),
        (["low-balance", "demo", "much"], "is not an amount"),
    ],
)
async def test_a_mistake_is_reported_in_one_line_and_changes_nothing(
    run: Run, operator: NoticeOperator, words: list[str], said: str
) -> None:
    by_operators = "SELECT count(*) FROM audit.event WHERE actor LIKE 'operator:%'"
    before = await operator.pool.fetchval(by_operators)
    assert said in await refused(run, *words)
    assert await operator.pool.fetchval(by_operators) == before
    assert await operator.destinations() == []
