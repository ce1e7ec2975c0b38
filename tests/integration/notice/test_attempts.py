"""What receivers answered to the last attempts at each delivery."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from gateway.rules.notice.answers import ATTEMPTS_KEPT, LONGEST_ANSWER
from gateway.store.notice import notices
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox, Post, WebhookReceiver
from tests.support.server_process import until


async def kept(operator: NoticeOperator) -> list[Any]:
    """The attempts, in the order in which they were made."""
    return await operator.pool.fetch("SELECT * FROM notice.attempt ORDER BY notice_number, number")


async def delivered(operator: NoticeOperator) -> bool:
    """Whether the last attempt is written too, which happens behind the confirmation."""
    query = "SELECT EXISTS (SELECT FROM notice.attempt WHERE problem IS NULL)"
    return bool(await operator.pool.fetchval(query))


async def test_each_attempt_is_kept_with_its_answer(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500, 302]
    receiver.says = lambda _: "no \x07 disk\nspace" if receiver.answers else "taken"
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: delivered(operator), "it is delivered and recorded")
    found = [
        (row["number"], row["status"], row["answer"], row["problem"])
        for row in await kept(operator)
    ]
    assert found == [
        (1, 500, "no disk space", "the receiver answered 500"),
        (2, 302, "taken", "the receiver answered 302; redirects are not followed"),
        (3, 204, "", None),
    ]
    assert all(row["milliseconds"] < 60_000 for row in await kept(operator))


async def test_no_answer_is_kept_with_what_happened_instead(
    operator: NoticeOperator, kid: str
) -> None:
    await operator.webhook("http://127.0.0.1:1/notices")
    await operator.happen(kid, 1)
    await until(lambda: kept(operator), "an attempt is recorded")
    [first, *_] = await kept(operator)
    assert (first["status"], first["answer"]) == (None, "")
    assert "No connection" in first["problem"]


async def test_neither_secret_nor_signature_is_kept_of_an_answer_that_repeats_them(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    secret = await operator.webhook(receiver.url)

    def echo(post: Post) -> str:
        signature = post.headers["webhook-signature"]
        escaped = json.dumps(signature).replace("/", "\\/")
        return f"{signature} {escaped} {quote(signature, safe='')} {signature[3:]} {secret} end"

    receiver.answers = [400]
    receiver.says = echo
    await operator.happen(kid, 1)
    await until(lambda: kept(operator), "an attempt is recorded")
    [post] = receiver.refused
    [first, *_] = await kept(operator)
    proof = post.headers["webhook-signature"].removeprefix("v1,")
    for hidden in (proof, quote(proof, safe=""), proof.replace("/", "\\/"), secret, secret[6:]):
        assert hidden not in first["answer"]
    assert first["answer"].endswith("end")


async def test_a_long_answer_is_cut(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500]
    receiver.says = lambda _: "ü" * 100_000
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: kept(operator), "an attempt is recorded")
    assert (await kept(operator))[0]["answer"] == "ü" * (LONGEST_ANSWER // 2)


async def test_of_many_attempts_the_last_ones_are_kept(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    receiver.answers = [500] * (ATTEMPTS_KEPT + 3)
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: delivered(operator), "it is delivered and recorded")
    numbers = [row["number"] for row in await kept(operator)]
    assert numbers == list(range(5, ATTEMPTS_KEPT + 5))


async def test_what_the_mail_server_answers_is_kept(
    operator: NoticeOperator, box: Mailbox, kid: str
) -> None:
    box.answers = ["451 4.7.1 Greylisted, come again"]
    await operator.mail("it@shop.example")
    await operator.happen(kid, 1)
    await until(lambda: delivered(operator), "it is delivered and recorded")
    first, second = await kept(operator)
    assert (first["status"], first["answer"]) == (451, "4.7.1 Greylisted, come again")
    assert first["problem"] == "the mail server refused the address (451)"
    assert (second["status"], second["answer"], second["problem"]) == (250, "OK", None)


@asynccontextmanager
async def unfinished(answer: bytes) -> AsyncIterator[str]:
    """A receiver that sends this, and then nothing more; gives its URL."""
    held: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            held.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        for writer in held:
            writer.close()
        server.close()


_REMOVE = "UPDATE notice.destination SET status = 'removed', attempt_at = NULL, leased = false"


async def test_the_status_counts_even_if_the_text_never_comes_to_its_end(
    operator: NoticeOperator, kid: str
) -> None:
    for number, head in enumerate(
        (b"200 OK\r\nContent-Length: 90\r\n\r\nsome", b"204 No\r\n\r\n"), 1
    ):
        async with unfinished(b"HTTP/1.1 " + head) as url:
            await operator.webhook(url)
            await operator.happen(kid, number)
            await until(lambda: operator.undelivered_are(0), "it counts as delivered")
            await operator.pool.execute(_REMOVE)
    assert {row["problem"] for row in await kept(operator)} == {None}


async def test_attempts_go_with_their_notice(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    await operator.webhook(receiver.url)
    await operator.happen(kid, 1)
    await until(lambda: delivered(operator), "it is delivered and recorded")
    assert await notices.delete_old(operator.pool, timedelta(0), 100) == 1
    assert await kept(operator) == []
