"""`make demo` and `make serve` tell what they promise, and leave nothing behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from cryptography import x509

from tests.support.gateway import free_ports


async def test_the_demo_shows_the_certificate_the_money_and_the_refusal(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.sandbox.demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    text = output.decode()
    pem = text[text.index("-----BEGIN") : text.index("-----END CERTIFICATE-----") + 26]
    leaf = x509.load_pem_x509_certificate(pem.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]
    assert "365.00" in text
    assert "unpaid.example.com was refused" in text
    assert os.listdir(tmp_path) == []  # noqa: PTH208  nothing is left


async def test_a_sandbox_that_stays_gives_what_is_to_be_pasted(tmp_path: Path) -> None:
    [http_port] = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.sandbox.stay", "--state", str(tmp_path / "state")),
        *("--port", "0", "--http-port", str(http_port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    text = b""
    async with asyncio.timeout(60):
        while b"--non-interactive" not in text or not text.endswith(b"www.example.com\n"):
            text += await process.stdout.readline()
    command = text.decode().split("A certificate with certbot:\n")[1]
    certbot = await asyncio.create_subprocess_shell(
        command.strip(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await certbot.communicate()
    assert certbot.returncode == 0, output.decode()
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
