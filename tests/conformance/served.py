"""Reads the certificates that web servers send to visitors."""

import asyncio
import ssl
from pathlib import Path

from cryptography import x509


async def served(port: int, name: str, root_pem: Path) -> x509.Certificate | None:
    """The certificate for `name`, None while there is none that `root_pem` stands for."""
    context = ssl.create_default_context(cafile=str(root_pem))
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=name
        )
    except OSError:
        return None
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der)
