"""Webhook URLs of resellers lead to public addresses only."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from gateway.db.pool import Pool
from gateway.errors.notice import NoticeMistake
from gateway.ids import new_id
from gateway.notify.channel import Parcel, Undelivered
from gateway.notify.webhook import WebhookSender, new_secret
from gateway.usecases.notice import destinations as usecase
from gateway.usecases.work import open_work
from gateway.validation.addresses import EVERYWHERE
from gateway.validation.dns import DnsResolver, FixedResolver, LookupFailed
from gateway.vault import Vault
from tests.support.action_door import LOGIN, OPERATOR, START, add_reseller, settings
from tests.support.gateway import RunningGateway, free_ports
from tests.support.receivers import WebhookReceiver

PRIVATE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fd00::1"]


def parcel(url: str) -> Parcel:
    at = datetime(2025, 1, 10, tzinfo=UTC)
    return Parcel(new_id(), "notice.test", at, {}, url, new_secret().encode())


async def error_of(sender: WebhookSender, url: str) -> str:
    try:
        with pytest.raises(Undelivered) as undelivered:
            await sender.send(parcel(url))
        return str(undelivered.value)
    finally:
        await sender.close()


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_inwards_is_not_connected_to(
    receiver: WebhookReceiver, address: str
) -> None:
    port = receiver.url.split(":")[2]
    sender = WebhookSender(FixedResolver(address), (), 5)
    error = await error_of(sender, f"http://hook.example.com:{port}")
    assert error.startswith("hook.example.com has no public address to connect to")
    assert receiver.arrived == 0


async def test_an_address_in_the_url_is_no_way_around(receiver: WebhookReceiver) -> None:
    sender = WebhookSender(FixedResolver("93.184.216.34"), (), 5)
    assert await error_of(sender, receiver.url) == "the URL holds a loopback address"
    assert receiver.arrived == 0


async def test_what_fails_on_our_side_is_not_held_against_the_receiver() -> None:
    [port] = free_ports(1)
    resolver = DnsResolver([f"127.0.0.1:{port}"], 0.2)
    sender = WebhookSender(resolver, (), 5)
    with pytest.raises(Undelivered, match="could not be looked up") as undelivered:
        await sender.send(parcel("https://hook.example.com/"))
    await sender.close()
    assert undelivered.value.ours


async def test_a_receiver_that_is_not_there_is_its_own_fault() -> None:
    [port] = free_ports(1)
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, 5)
    with pytest.raises(Undelivered, match="No connection") as undelivered:
        await sender.send(parcel(f"https://hook.example.com:{port}/"))
    await sender.close()
    assert not undelivered.value.ours


class LyingResolver(FixedResolver):
    """Public when it is looked at first, inside afterwards; or says nothing."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__("127.0.0.1")
        self.answers = list(answers)

    async def addresses(self, name: str) -> list[str]:
        if not self.answers:
            raise LookupFailed(name, "A", "no answer within 5 seconds")
        return self.answers.pop(0)


async def test_what_was_checked_is_what_is_connected_to(receiver: WebhookReceiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    resolver = LyingResolver(["10.0.0.1"], ["127.0.0.1"])
    sender = WebhookSender(resolver, (), 5)
    error = await error_of(sender, f"http://hook.example.com:{port}/notices")
    assert "10.0.0.1 is a private address" in error
    assert resolver.answers == [["127.0.0.1"]]
    assert receiver.arrived == 0


async def test_a_name_that_cannot_be_looked_up_is_reported() -> None:
    error = await error_of(WebhookSender(LyingResolver(), (), 5), "https://hook.example.com/")
    assert error.startswith("The A records of hook.example.com could not be looked up")
    error = await error_of(WebhookSender(LyingResolver([]), (), 5), "https://hook.example.com/")
    assert error == "hook.example.com has no A or AAAA record"


async def test_a_certificate_that_is_not_trusted_is_no_receiver(gateway: RunningGateway) -> None:
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, 5)
    error = await error_of(sender, f"{gateway.url}/notices")
    assert error == "the receiver's certificate is not trusted"


async def test_an_answer_is_not_read_however_long_it_is() -> None:
    served = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                served += 1
        writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, 5)
    port = server.sockets[0].getsockname()[1]
    await sender.send(parcel(f"http://127.0.0.1:{port}/"))
    await sender.close()
    server.close()
    assert served < 1000


async def test_garbage_is_no_confirmation() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sender = WebhookSender(FixedResolver("127.0.0.1"), EVERYWHERE, 5)
    port = server.sockets[0].getsockname()[1]
    assert "the answer is not HTTP" in await error_of(sender, f"http://127.0.0.1:{port}/")
    server.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.com/",
        "https://10.0.0.1/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest/meta-data",
    ],
)
async def test_outside_the_sandbox_such_a_url_is_refused_when_it_is_added(
    pool: Pool, url: str
) -> None:
    wanted = settings()
    vault = Vault([key.get_secret_value() for key in wanted.secrets.keys])
    async with open_work(pool, START, OPERATOR) as work:
        await add_reseller(work.connection, LOGIN)
        owner = await usecase.owner_by_login(work, LOGIN)
        with pytest.raises(NoticeMistake, match="the URL of a webhook"):
            await usecase.add_webhook(work, owner, url, (), settings=wanted, vault=vault)
        assert await usecase.list_destinations(work, owner) == []
        made, _ = await usecase.add_webhook(
            work,
            owner,
            "https://hook.example.com/",
            (),
            settings=wanted,
            vault=vault,
        )
        [only] = await usecase.list_destinations(work, owner)
        assert only.id == made


async def test_without_a_mail_server_no_mail_address_is_taken(pool: Pool) -> None:
    async with open_work(pool, START, OPERATOR) as work:
        await add_reseller(work.connection, LOGIN)
        owner = await usecase.owner_by_login(work, LOGIN)
        with pytest.raises(NoticeMistake, match=r"notices\.smtp_host is not set"):
            await usecase.add_mail(work, owner, "it@example.com", (), settings=settings())
