"""A sandbox as a child process, and its reseller's actions: for `make demo` and `make serve`."""

import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from gateway.errors import OperatorMistake

_STOP_SECONDS = 60


class SandboxProcess:
    """`gateway sandbox` with `options`; `ready` is its ready line. Use as a context manager."""

    def __init__(self, *options: str, log: Path | None = None) -> None:
        self._command = [sys.executable, "-m", "gateway", "sandbox", *options]
        self._log = log
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> "SandboxProcess":
        log = None if self._log is None else self._log.open("ab")
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                self._command, stdout=subprocess.PIPE, stderr=log
            )
        finally:
            if log is not None:
                log.close()
        try:
            self.ready = json.loads(self._first_line())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _first_line(self) -> bytes:
        assert self._process.stdout is not None
        line: bytes = self._process.stdout.readline()
        if not line:
            raise OperatorMistake(f"the sandbox ended with status {self._process.wait()}")
        return line

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_STOP_SECONDS)

    def wait(self) -> None:
        """Waits until the sandbox ends."""
        self._process.wait()

    def action(self, name: str, **fields: str) -> dict[str, Any]:
        """Carries out an action of the demo reseller; raises OperatorMistake if it is refused."""
        form = {
            "action": name,
            "loginName": self.ready["loginName"],
            "loginPassword": self.ready["loginPassword"],
            **fields,
        }
        trust = ssl.create_default_context(cafile=self.ready["rootCertificate"])
        # No proxy that the environment may name leads to this machine.
        here = build_opener(ProxyHandler({}), HTTPSHandler(context=trust))
        try:
            with here.open(self.ready["actions"], urlencode(form).encode()) as answer:
                decoded: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            raise OperatorMistake(f"{name} was refused: {error.read().decode()}") from None
        return decoded
