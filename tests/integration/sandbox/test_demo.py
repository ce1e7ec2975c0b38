"""What `make demo` and `make serve` run: their output, and what they leave behind."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.gateway import free_ports

DEMO = [sys.executable, "-m", "gateway.sandbox.demo"]
PATIENCE_SECONDS = 240


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the demo keeps its files; as open as /tmp, because PostgreSQL runs as another user."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o1777)
        yield Path(directory)


def environment(temporary: Path) -> dict[str, str]:
    # Proxies that do not exist show that the demo reaches its own machine without one.
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    home = temporary / "home"
    home.mkdir()
    return {**os.environ, **proxies, "TMPDIR": str(temporary), "HOME": str(home)}


def processes_of(temporary: Path) -> list[str]:
    """Command lines of live processes that have anything to do with the directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(temporary) in words or where.startswith(str(temporary)):
            found.append(words)
    return found


def assert_nothing_is_left(temporary: Path) -> None:
    assert processes_of(temporary) == []
    assert [file for file in temporary.rglob("*") if file != temporary / "home"] == []


def test_the_demo_buys_a_name_gets_its_certificate_and_sees_another_refused(
    temporary: Path,
) -> None:
    ended = subprocess.run(
        DEMO,
        env=environment(temporary),
        cwd=temporary,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "365.00" in ended.stdout
    [console] = [line for line in ended.stdout.splitlines() if "The console is at" in line]
    assert re.search(
        r"https://\S+/console/ .*: demo / \S+ signs in .*, \S+ / \S+ as an operator", console
    )
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", ended.stdout, re.S)
    assert pem
    leaf = x509.load_pem_x509_certificate(pem[0].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]
    refused = [line for line in ended.stdout.splitlines() if "refused" in line]
    assert len(refused) == 1
    assert "unpaid.example.com" in refused[0]
    assert ended.stderr == ""
    assert_nothing_is_left(temporary)


def test_a_demo_that_is_interrupted_leaves_nothing_either(temporary: Path) -> None:
    with subprocess.Popen(
        DEMO, env=environment(temporary), cwd=temporary, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "certbot asks" in line:
                break
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(60) == 128 + signal.SIGTERM
    assert_nothing_is_left(temporary)


def test_the_command_that_serve_shows_gets_a_certificate(temporary: Path) -> None:
    port, http_port = free_ports(2)
    state = temporary / "state"
    variables = environment(temporary)
    command = [sys.executable, "-m", "gateway.sandbox.stay", "--state", str(state)]
    command += ["--port", str(port), "--http-port", str(http_port)]
    with subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as stay:
        try:
            assert stay.stdout is not None
            lines: list[str] = []
            for line in stay.stdout:
                lines.append(line)
                if line.rstrip().endswith("-d www.example.com"):
                    break
            shown = "".join(lines)
            certbot = shown[shown.index("REQUESTS_CA_BUNDLE=") :]
            pasted = subprocess.run(
                ["sh", "-euc", certbot],
                env={**os.environ, "no_proxy": "127.0.0.1"},
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
            )
            assert pasted.returncode == 0, pasted.stdout + pasted.stderr
            assert (state / "certbot/live/www.example.com/cert.pem").exists()
            for name in ("key id", "MAC key", "action API", "sandbox clock", "CA to trust"):
                assert name in shown
        finally:
            stay.send_signal(signal.SIGINT)
            try:
                assert stay.wait(60) == 0
            finally:
                stay.kill()
    assert processes_of(temporary) == []
