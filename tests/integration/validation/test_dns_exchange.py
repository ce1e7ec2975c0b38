"""Questions to a name server that answers when and what a test wants."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from dns.rdatatype import RdataType

from gateway.validation import dns_exchange, dns_wire
from gateway.validation.dns import DnsResolver
from gateway.validation.dns_exchange import NameServer
from gateway.validation.dns_wire import DnsAnswer

NOTHING = DnsAnswer()
A = dns_wire.question("shop.example.com", RdataType.A)
AAAA = dns_wire.question("shop.example.com", RdataType.AAAA)
CAA = dns_wire.question("example.com", RdataType.CAA)


class ByHand:
    """The name server's end: `received` gives packet and sender, nothing is answered by itself."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def clients(self) -> int:
        """Sockets that are connected with it."""
        lines = Path("/proc/net/udp").read_text().splitlines()
        return sum(line.split()[2].endswith(f":{self.port:04X}") for line in lines)

    async def received(self) -> tuple[bytes, tuple[str, int]]:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._socket, readable.set)
        try:
            async with asyncio.timeout(5):
                await readable.wait()
        finally:
            loop.remove_reader(self._socket)
        return self._socket.recvfrom(65535)

    def is_idle(self) -> bool:
        try:
            self._socket.recv(65535)
        except BlockingIOError:
            return True
        return False

    def send(self, packet: bytes, to: tuple[str, int]) -> None:
        self._socket.sendto(packet, to)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def by_hand() -> Iterator[ByHand]:
    server = ByHand()
    yield server
    server.close()


@pytest.fixture
def asked(by_hand: ByHand) -> NameServer:
    return NameServer("127.0.0.1", by_hand.port)


def start(asked: NameServer, *questions: bytes, seconds: float = 5) -> "asyncio.Task[list[Any]]":
    return asyncio.create_task(asked.ask(questions, seconds))


def no_records(query: bytes) -> bytes:
    """The right answer to a query."""
    end = query.index(0, 12) + 5
    return query[:2] + b"\x81\x80\x00\x01" + bytes(6) + query[12:end]


def refused(answer: bytes) -> bytes:
    return answer[:3] + b"\x85" + answer[4:]


# --- who shares what -------------------------------------------------------------------------


async def test_questions_of_several_go_over_one_socket_and_come_back_in_any_order(
    asked: NameServer, by_hand: ByHand
) -> None:
    first, second = start(asked, A, AAAA), start(asked, CAA)
    queries = [await by_hand.received() for _ in range(3)]
    assert len({sender for _, sender in queries}) == 1
    for packet, sender in reversed(queries):
        by_hand.send(no_records(packet), sender)
    assert (await first, await second) == ([NOTHING, NOTHING], [NOTHING])


async def test_a_question_is_asked_once_for_all_who_ask_it_at_the_same_time(
    asked: NameServer, by_hand: ByHand
) -> None:
    tasks = [start(asked, A) for _ in range(3)]
    packet, sender = await by_hand.received()
    assert by_hand.is_idle()
    by_hand.send(no_records(packet), sender)
    assert [await task for task in tasks] == [[NOTHING]] * 3


async def test_a_question_that_was_answered_is_asked_again(
    asked: NameServer, by_hand: ByHand
) -> None:
    numbers = set()
    for _ in range(3):
        task = start(asked, A)
        packet, sender = await by_hand.received()
        numbers.add(packet[:2])
        by_hand.send(no_records(packet), sender)
        assert await task == [NOTHING]
    assert len(numbers) > 1


async def test_the_same_question_twice_in_a_group_has_its_answer_in_both_places(
    asked: NameServer, by_hand: ByHand
) -> None:
    task = start(asked, A, A)
    packet, sender = await by_hand.received()
    by_hand.send(no_records(packet), sender)
    assert await task == [NOTHING, NOTHING]


async def test_a_question_that_waits_for_long_is_sent_again_and_the_first_number_is_void(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_exchange, "_SECONDS_TO_JOIN", 0)
    first, second = start(asked, A), start(asked, A)
    old, _ = await by_hand.received()
    new, sender = await by_hand.received()
    assert old[2:] == new[2:]
    by_hand.send(no_records(old), sender)
    later = start(asked, CAA)
    packet, _ = await by_hand.received()
    by_hand.send(no_records(packet), sender)
    await later
    assert not first.done()
    by_hand.send(no_records(new), sender)
    assert (await first, await second) == ([NOTHING], [NOTHING])


async def test_who_asks_again_in_vain_has_it_sent_again_although_others_wait_still(
    asked: NameServer, by_hand: ByHand
) -> None:
    hasty, patient = start(asked, A, seconds=0.05), start(asked, A)
    await by_hand.received()
    [answer] = await hasty
    assert isinstance(answer, TimeoutError)
    again = start(asked, A)
    packet, sender = await by_hand.received()
    by_hand.send(no_records(packet), sender)
    assert (await patient, await again) == ([NOTHING], [NOTHING])


# --- sockets change --------------------------------------------------------------------------


async def test_another_socket_follows_after_some_questions(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_exchange, "_QUESTIONS_A_SOCKET", 2)
    task = start(asked, A, AAAA, CAA)
    senders = [(await by_hand.received())[1] for _ in range(3)]
    assert senders[0] == senders[1] != senders[2]
    task.cancel()


async def test_a_socket_is_closed_after_some_time_and_another_one_follows(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_exchange, "_SECONDS_A_SOCKET", 0.01)
    senders = []
    for _ in range(2):
        task = start(asked, A)
        packet, sender = await by_hand.received()
        by_hand.send(no_records(packet), sender)
        assert await task == [NOTHING]
        await asyncio.sleep(0.02)
        assert by_hand.clients == 0
        senders.append(sender)
    assert senders[0] != senders[1]


async def test_a_socket_that_was_followed_is_open_until_its_last_answer(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_exchange, "_QUESTIONS_A_SOCKET", 1)
    first = start(asked, A)
    slow, first_sender = await by_hand.received()
    second = start(asked, AAAA)
    quick, second_sender = await by_hand.received()
    by_hand.send(no_records(quick), second_sender)
    assert await second == [NOTHING]
    assert by_hand.clients == 1
    by_hand.send(no_records(slow), first_sender)
    assert await first == [NOTHING]
    assert by_hand.clients == 0


# --- what counts as an answer ----------------------------------------------------------------

Forgery = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "forge",
    [
        lambda right: bytes((right[0] ^ 1,)) + right[1:],
        lambda right: right[:2] + b"\x01" + right[3:],
        lambda right: right[:2] + b"\xa9" + right[3:],
        lambda right: right[:5] + b"\x02" + right[6:],
        lambda right: right.replace(b"shop", b"shap"),
        lambda right: right[:-3] + b"\x1c" + right[-2:],
        lambda right: right[:11],
        lambda right: right[:-1],
        lambda right: b"",
    ],
    ids=[
        "number",
        "no response",
        "another operation",
        "two questions",
        "name",
        "type",
        "no header",
        "cut question",
        "nothing",
    ],
)
async def test_a_packet_that_does_not_fit_is_ignored(
    asked: NameServer, by_hand: ByHand, forge: Forgery
) -> None:
    task = start(asked, A)
    packet, sender = await by_hand.received()
    right = no_records(packet)
    by_hand.send(forge(refused(right)), sender)
    by_hand.send(right, sender)
    assert await task == [NOTHING]


async def test_a_packet_from_elsewhere_is_ignored(asked: NameServer, by_hand: ByHand) -> None:
    task = start(asked, A)
    packet, sender = await by_hand.received()
    attacker = ByHand()
    attacker.send(refused(no_records(packet)), sender)
    attacker.close()
    by_hand.send(no_records(packet), sender)
    assert await task == [NOTHING]


async def test_a_flood_of_packets_that_do_not_fit_is_outlasted(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_exchange, "_PACKETS_AT_ONCE", 2)
    task = start(asked, A)
    packet, sender = await by_hand.received()
    for _ in range(7):
        by_hand.send(b"forged", sender)
    by_hand.send(no_records(packet), sender)
    assert await task == [NOTHING]


async def test_the_case_of_the_name_does_not_matter(asked: NameServer, by_hand: ByHand) -> None:
    task = start(asked, A)
    packet, sender = await by_hand.received()
    by_hand.send(no_records(packet).replace(b"shop", b"sHOp"), sender)
    assert await task == [NOTHING]


async def test_an_answer_in_time_is_kept_when_others_are_missing(
    asked: NameServer, by_hand: ByHand
) -> None:
    task = start(asked, A, AAAA, seconds=0.2)
    packet, sender = await by_hand.received()
    by_hand.send(no_records(packet), sender)
    answers = await task
    assert answers[0] == NOTHING
    assert isinstance(answers[1], TimeoutError)


# --- who gives up ----------------------------------------------------------------------------


async def test_who_gives_up_takes_the_answer_from_nobody(
    asked: NameServer, by_hand: ByHand
) -> None:
    impatient, patient = start(asked, A), start(asked, A)
    packet, sender = await by_hand.received()
    impatient.cancel()
    await asyncio.wait([impatient])
    by_hand.send(no_records(packet), sender)
    assert await patient == [NOTHING]


@pytest.mark.parametrize("way", ["cancelled", "too late"])
async def test_a_question_that_nobody_waits_for_is_forgotten(
    asked: NameServer, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(dns_exchange, "_QUESTIONS_A_SOCKET", 1)
    task = start(asked, A, seconds=5 if way == "cancelled" else 0.01)
    await by_hand.received()
    if way == "cancelled":
        task.cancel()
    await asyncio.wait([task])
    assert by_hand.clients == 0
    again = start(asked, A)
    packet, sender = await by_hand.received()
    by_hand.send(no_records(packet), sender)
    assert await again == [NOTHING]


async def test_a_refused_port_fails_all_who_wait_at_that_socket() -> None:
    server = ByHand()
    nobody = NameServer("127.0.0.1", server.port)
    tasks = [start(nobody, A, AAAA, seconds=60), start(nobody, CAA, seconds=60)]
    [await server.received() for _ in range(3)]
    server.close()
    tasks.append(start(nobody, dns_wire.question("x.example", RdataType.A), seconds=60))
    async with asyncio.timeout(5):
        answers = [answer for task in tasks for answer in await task]
    assert [type(answer) for answer in answers] == [ConnectionRefusedError] * 4


# --- event loops -----------------------------------------------------------------------------


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_resolver_can_be_used_in_one_event_loop_after_another(
    by_hand: ByHand, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def look_up(resolver: DnsResolver) -> None:
        found = asyncio.create_task(resolver.addresses("shop.example.com"))
        for _ in range(2):
            packet, sender = await by_hand.received()
            by_hand.send(no_records(packet), sender)
        assert await found == []

    def look_up_in_several_loops() -> None:
        resolver = DnsResolver([f"127.0.0.1:{by_hand.port}"], timeout=5)
        for _ in range(3):
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(look_up(resolver))

    look_up_in_several_loops()
    assert by_hand.clients == 0
