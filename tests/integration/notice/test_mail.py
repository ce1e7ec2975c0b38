"""Notices by e-mail."""

import time
from pathlib import Path

import pytest

from tests.integration.notice.conftest import notice_gateway
from tests.support.notices import NoticeOperator
from tests.support.receivers import Mailbox
from tests.support.server_process import until
from tests.support.shop import Shop


async def test_a_mail_says_what_happened_and_what_to_do(
    operator: NoticeOperator, box: Mailbox, kid: str, shop: Shop
) -> None:
    await operator.mail("it@reseller.test")
    await operator.happen(kid, 30)
    [mail] = await box.until(1)
    assert box.recipients == ["it@reseller.test"]
    assert mail["Subject"] == f"Subscription {kid} expires in 30 days"
    assert mail["From"] == "notices@gateway.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "expiresAt: 2026-01-10T23:59:59Z" in text
    assert "EXTENDDOMAINS" in text
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 120


async def test_a_mail_that_is_tried_again_keeps_its_message_id(
    operator: NoticeOperator, box: Mailbox, kid: str
) -> None:
    box.answers = ["451 try later", "450 greylisted"]
    await operator.mail("it@reseller.test")
    await operator.happen(kid, 1, 2)
    first, second = await box.until(2)
    notices = await operator.pool.fetch("SELECT notice_id FROM ops.notices ORDER BY number")
    assert [mail["Message-ID"] for mail in (first, second)] == [
        f"<{row['notice_id'].hex}@127.0.0.1>" for row in notices
    ]


async def test_an_address_that_the_mail_server_refuses_for_good_is_parked(
    operator: NoticeOperator, box: Mailbox, kid: str
) -> None:
    box.answers = ["550 no such user"]
    await operator.mail("nobody@reseller.test")
    await operator.happen(kid, 1)
    await until(lambda: operator.has_status("parked"), "it is parked")
    assert (await operator.destination()).last_error == "the mail server refused the address (550)"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_mail_is_not_handed_to_a_server_without_the_tls_that_is_wanted(
    database: str, tmp_path: Path, box: Mailbox, tls: str
) -> None:
    async with notice_gateway(database, tmp_path, box, smtp_tls=tls) as gateway:
        operator = NoticeOperator(gateway.services)
        await operator.mail("it@reseller.test")
        await operator.happen(await Shop(gateway).credential(), 1)
        await until(lambda: operator.failed_times(1), "it was not sent")
        assert box.mails == []
