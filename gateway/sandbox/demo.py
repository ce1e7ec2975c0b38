"""The gateway's purpose in half a minute: `python -m gateway.sandbox.demo` (make demo).

A reseller buys a name, certbot gets its certificate, and another name is refused.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import OperatorMistake
from gateway.sandbox.process import SandboxProcess

_NAME = "www.example.com"
_UNPAID = "unpaid.example.com"
_PATIENCE_SECONDS = 180


def main() -> int:
    """Runs the demonstration; gives the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # cleaning up
    directory = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    directory.chmod(0o755)  # the database's user must be able to enter
    log = directory / "sandbox.log"
    try:
        http_port = str(_free_port())
        options = ["--state", str(directory / "state"), "--port", "0", "--http-port", http_port]
        _say("Starting a sandbox: PostgreSQL, CA, gateway")
        with SandboxProcess(*options, log=log) as sandbox:
            _tell(sandbox, directory, http_port)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (OperatorMistake, subprocess.TimeoutExpired) as mistake:
        _say(f"The demo failed: {mistake}")
        if log.exists():
            sys.stderr.write(log.read_text())
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    _say("Done; nothing is left running.")
    return 0


def _tell(sandbox: SandboxProcess, directory: Path, http_port: str) -> None:
    ready = sandbox.ready
    _say(
        f"The console is at {ready['console']} meanwhile:"
        f" {ready['loginName']} / {ready['loginPassword']} signs in as the reseller,"
        f" {ready['operatorLogin']} / {ready['operatorPassword']} as an operator"
    )
    url = ready["directories"]["DV"]
    account = sandbox.action("PREREGISTER", serverUrl=url, years="1")["Accounts"][0]
    kid, mac_key = account["eabMACIDb64url"], account["eabMACKeyb64url"]
    _say(f"PREREGISTER: an EAB credential for the customer, {kid}")
    cost = sandbox.action("ADDDOMAIN", acmeAccountID=kid, domainName=_NAME)["cost"]
    _say(f"ADDDOMAIN: {_NAME} is in the subscription; {cost:.2f} USD moved")
    certbot = _certbot(directory, url, http_port)
    registration = ["--agree-tos", "--register-unsafely-without-email"]
    registration += [f"--eab-kid={kid}", f"--eab-hmac-key={mac_key}"]
    trust = {**os.environ, "REQUESTS_CA_BUNDLE": sandbox.ready["rootCertificate"]}
    trust |= {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    _say(f"certbot asks for {_NAME}, proving control with http-01")
    issued = _run([*certbot, *registration, "-d", _NAME], trust)
    if issued.returncode:
        raise OperatorMistake(f"certbot got no certificate:\n{issued.stdout}")
    sys.stdout.write((directory / "certbot/config/live" / _NAME / "cert.pem").read_text())
    _say(f"certbot asks for {_UNPAID}, which nobody paid for")
    refused = _run([*certbot, "-d", _UNPAID], trust)
    if not refused.returncode or "not in the subscription" not in refused.stdout:
        raise OperatorMistake(f"{_UNPAID} should have been refused:\n{refused.stdout}")
    reason = next(line for line in refused.stdout.splitlines() if "not in the subscription" in line)
    _say(f"{_UNPAID} was refused: {reason.strip()}")


def _certbot(directory: Path, url: str, http_port: str) -> list[str]:
    program = Path(sys.executable).with_name("certbot")
    if not program.exists():
        raise OperatorMistake("certbot is not installed beside this Python: run `make install`")
    home = directory / "certbot"
    return [
        *(str(program), "certonly", "--non-interactive", "--standalone"),
        *(f"--server={url}", f"--http-01-port={http_port}", "--http-01-address=127.0.0.1"),
        *(f"--config-dir={home}/config", f"--work-dir={home}/work", f"--logs-dir={home}/logs"),
    ]


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    process = None
    try:
        with _stops_wait():
            process = subprocess.Popen(  # noqa: S603  certbot with our own arguments
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        output, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    except BaseException:
        if process is not None:
            process.kill()
            process.wait()
        raise
    return subprocess.CompletedProcess(command, process.returncode, output)


@contextmanager
def _stops_wait() -> Iterator[None]:
    """Holds back stop signals while a child is being started, which would be left running."""
    waiting: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda n, _: waiting.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for stopped in waiting:
        signal.raise_signal(stopped)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _say(text: str) -> None:
    sys.stdout.write(f"==> {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
