"""The world around an ACME server under load: DNS, and the customers' web server.

A process of its own: `python -m bench.world ADDRESS PORT WEBROOT`, PORT 0 = any. It prints the
ports of web server and name server once both answer. Every name has ADDRESS, where the web server
gives out the files of WEBROOT as responses of http-01 challenges.
"""

import asyncio
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvloop

_HEADER = 12
_RECORD_A = 1


class NameServer(asyncio.DatagramProtocol):
    """One A record for every name, and nothing else."""

    def __init__(self, address: str) -> None:
        self._address = ip_address(address).packed

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.DatagramTransport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(0, _HEADER) + 1
        question = data[_HEADER : end + 4]
        answers = int.from_bytes(data[end : end + 2]) == _RECORD_A
        reply = data[:2] + b"\x81\xa0\x00\x01" + answers.to_bytes(2) + b"\0\0\0\0" + question
        if answers:
            reply += b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04" + self._address
        self._transport.sendto(reply, addr)


class WebServer(asyncio.Protocol):
    """Answers one request and closes."""

    def __init__(self, webroot: Path) -> None:
        self._webroot = webroot
        self._request = b""

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        if self._request.endswith(b"\r\n\r\n"):
            token = self._request.split(b" ", 2)[1].decode().rpartition("/")[2]
            body = (self._webroot / token).read_bytes()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            self._transport.close()


async def _serve(address: str, port: int, webroot: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: WebServer(webroot), address, port, backlog=1024)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer(address), local_addr=(address, 0)
    )
    print(server.sockets[0].getsockname()[1], transport.get_extra_info("sockname")[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
