"""The resellers' document is right about notices."""

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.rules.notice.kinds import KINDS
from tests.support.notices import NoticeOperator
from tests.support.receivers import WebhookReceiver

DOCUMENT = (Path(__file__).parents[3] / "docs" / "reseller-api.md").read_text()


def verified() -> Any:
    """The function that the document gives its readers."""
    [code] = re.findall(r"<!-- verify -->\n```python\n(.*?)```", DOCUMENT, re.DOTALL)
    room: dict[str, Any] = {}
    exec(code, room)
    return room["verified"]


async def test_the_documents_function_checks_what_we_send(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    secret = await operator.webhook(receiver.url)
    await operator.happen(kid, 60)
    [post] = await receiver.until(1)
    check = verified()
    assert check(secret, post.headers, post.body) == post.json
    other = await operator.webhook(f"{receiver.url}?other")
    old = {**post.headers, "webhook-timestamp": "1"}
    elsewhere = {**post.headers, "webhook-id": "msg_1"}
    forged = [
        (secret, post.headers, post.body + b" "),
        (secret, elsewhere, post.body),
        (secret, old, post.body),
        (other, post.headers, post.body),
    ]
    for attempt in forged:
        with pytest.raises(ValueError, match=r"secret|too old"):
            check(*attempt)


async def test_the_documents_example_has_the_members_that_are_sent(
    operator: NoticeOperator, receiver: WebhookReceiver, kid: str
) -> None:
    [shown] = re.findall(r'    (\{"type": "subscription.expiring".*?\}\})\n', DOCUMENT, re.DOTALL)
    await operator.webhook(receiver.url)
    await operator.happen(kid, 60)
    [post] = await receiver.until(1)
    assert set(re.findall(r'"(\w+)":', shown)) == {
        *post.json,
        *post.json["data"],
    }


def test_the_document_lists_every_kind() -> None:
    listed = re.findall(r"^\| `(\w+\.\w+)` \|", DOCUMENT, re.MULTILINE)
    assert listed == list(KINDS), "docs/reseller-api.md has a row for every kind, in this order"
