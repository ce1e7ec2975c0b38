"""A web server that answers without end, as a validation target of a stranger may."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

MOST_BYTES = 64 * 1024 * 1024
"""So much it sends over one connection at most, and then holds its peace."""

_BLOCK = 64 * 1024
_SEND_BUFFER = 64 * 1024


class HostileTarget:
    """Counts in `sent` what it could get rid of, per connection."""

    def __init__(self, head: bytes, endless: bytes, on_request: Callable[[], None]) -> None:
        self._head = head
        self._endless = endless * max(1, _BLOCK // len(endless))
        self._on_request = on_request
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.sent: list[int] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def serve(self) -> None:
        """Until `close`; each connection has a thread of its own."""
        while not self._over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        place = len(self.sent)
        self.sent.append(0)
        with connection, suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            connection.recv(_BLOCK)
            self._on_request()
            connection.sendall(self._head)
            for block in repeat(self._endless):
                if self._over.is_set() or self.sent[place] > MOST_BYTES:
                    break
                self.sent[place] += connection.send(block)
            self._over.wait()

    def close(self) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def hostile_target(
    head: bytes, endless: bytes, on_request: Callable[[], None] = lambda: None
) -> Iterator[HostileTarget]:
    """Answers `head`, and then `endless` without end, from threads of this process."""
    target = HostileTarget(head, endless, on_request)
    thread = threading.Thread(target=target.serve, daemon=True)
    thread.start()
    try:
        yield target
    finally:
        target.close()
        thread.join()
