"""Where the certificates that are issued say that CRLs and CA certificates are."""

from urllib.parse import urlsplit

from gateway.config import Settings
from gateway.errors import ConfigurationError


def plain_url(settings: Settings) -> str:
    """Base of the CRL and AIA URLs written into certificates, without a trailing slash."""
    if settings.ca.crl_url is not None:
        return settings.ca.crl_url.rstrip("/")
    port = settings.listen.plain_http_port
    if port is None:
        raise ConfigurationError(
            "certificates need a CRL address: set listen.plain_http_port, or ca.crl_url"
        )
    host = urlsplit(settings.public_url).hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"
