"""TLS client for strangers' servers that reads a limited number of bytes.

asyncio's own TLS reads as long as the server sends: an endless handshake, or endless session
tickets, would keep the process busy.
"""

import asyncio
import errno
import os
import ssl
from typing import cast

MOST_BYTES = 256 * 1024
"""Encrypted bytes read from one connection at most; OpenSSL accepts certificates of 100 KiB."""
_PIECE = 16 * 1024


def unverified() -> ssl.SSLContext:
    """A context that accepts any certificate: proofs do not depend on trust in the server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= ssl.OP_NO_RENEGOTIATION  # each costs another handshake
    return context


def verified() -> ssl.SSLContext:
    """A context that verifies the server's name and certificate by the system's authorities."""
    context = ssl.create_default_context()
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


class TlsTransport(asyncio.Protocol):
    """A TLS transport for the protocol `inner`, or for a handshake alone if that is None."""

    def __init__(
        self, context: ssl.SSLContext, server_name: str, inner: asyncio.Protocol | None
    ) -> None:
        """Takes the server name to indicate; empty = none (RFC 6066 §3)."""
        self._received, self._to_be_sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(
            self._received, self._to_be_sent, server_hostname=server_name or None
        )
        self.established = asyncio.get_running_loop().create_future()
        self._inner = inner
        self._room = MOST_BYTES
        self._over = False

    def write(self, data: bytes) -> None:
        self.object.write(data)
        self._send()

    def abort(self) -> None:
        self._over = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._inner is not None:
            self._inner.connection_made(cast("asyncio.BaseTransport", self))
        self._go_on()

    def data_received(self, data: bytes) -> None:
        self._received.write(data[: self._room])
        self._room -= len(data)
        self._go_on()
        if self._room <= 0 and not self._over:
            self._end(OSError(f"more than {MOST_BYTES} bytes of TLS"))

    def eof_received(self) -> None:
        self._received.write_eof()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over:
            self._end(exc)

    def _go_on(self) -> None:
        """Continues the handshake, and then passes received data to `inner`."""
        try:
            if not self.established.done():
                self.object.do_handshake()
                self.established.set_result(None)
            while not self._over and self._inner is not None:
                data = self.object.read(_PIECE)
                if not data:
                    self._end(None)
                else:
                    self._inner.data_received(data)
        except ssl.SSLWantReadError:
            self._send()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self._end(None)
        except ssl.SSLError as error:
            self._send()  # sends the alert that names the cause
            self._end(error)
        else:
            self._send()

    def _send(self) -> None:
        if not self._over and (data := self._to_be_sent.read()):
            self._transport.write(data)

    def _end(self, error: Exception | None) -> None:
        if self._over:
            return
        self._over = True
        if not self.established.done():
            self.established.set_exception(error or _reset())
        elif self._inner is not None:
            self._inner.connection_lost(error)
        self._transport.abort()


async def connect(
    address: str,
    port: int,
    source_address: str | None,
    context: ssl.SSLContext,
    server_name: str,
    inner: asyncio.Protocol | None = None,
) -> TlsTransport:
    """Connects, and returns after the handshake; raises OSError (ssl.SSLError for TLS)."""
    _, tls = await asyncio.get_running_loop().create_connection(
        lambda: TlsTransport(context, server_name, inner),
        address,
        port,
        local_addr=(source_address, 0) if source_address else None,
    )
    try:
        await tls.established
    except BaseException:
        tls.abort()
        raise
    return tls


def _reset() -> OSError:
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
