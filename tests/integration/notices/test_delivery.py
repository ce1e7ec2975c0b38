"""Notices reach their receivers in order, once, signed; whatever happens on the way."""

import asyncio

import pytest

from gateway.usecases import notice_destinations as usecase
from tests.support.notices import Desk
from tests.support.receivers import Hook, Mailbox, hook
from tests.support.server_process import until
from tests.support.shop import Shop


async def test_a_webhook_is_signed_as_standard_webhooks_say(
    desk: Desk, receiver: Hook, shop: Shop
) -> None:
    secret = await desk.webhook(receiver.url)
    await desk.threshold("9900.00")
    await shop.add(await shop.credential(), "a.example.com")
    await receiver.until(1)
    [notice] = receiver.verified(secret)
    assert notice == {
        "type": "balance.low",
        "timestamp": "2025-01-10T15:30:00Z",
        "data": {
            "balance": "9635.00",
            "threshold": "9900.00",
            "currency": "USD",
            "orderNumber": 100000001,
        },
    }
    [post] = receiver.posts
    assert post.headers["content-type"] == "application/json"
    assert post.id.startswith("msg_")
