"""TLS of the public port."""

import ssl

from gateway.config import Listen
from gateway.errors import ConfigurationError


def tls_context(listen: Listen) -> ssl.SSLContext | None:
    """The server's TLS context; None = a trusted proxy in front ends TLS.

    Raises ConfigurationError when there is neither a certificate nor such a proxy.
    """
    if listen.tls_certificate is None or listen.tls_key is None:
        if listen.trusted_proxies:
            return None
        raise ConfigurationError(
            "set listen.tls_certificate and listen.tls_key,"
            " or listen.trusted_proxies if a proxy in front ends TLS"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_certificate(context, listen)
    return context


def load_certificate(context: ssl.SSLContext, listen: Listen) -> None:
    """Reads the certificate files; raises ConfigurationError when they cannot be used."""
    assert listen.tls_certificate is not None
    try:
        context.load_cert_chain(listen.tls_certificate, listen.tls_key)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"listen.tls_certificate {listen.tls_certificate} and listen.tls_key"
            f" {listen.tls_key} cannot be used: {error.strerror or error}"
        ) from error
