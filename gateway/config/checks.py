"""Checks of settings that no type expresses; the text of an error never has the value."""

import re
from ipaddress import ip_network
from urllib.parse import urlsplit

_PUBLIC_URL = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?")
_HOST = r"(\[[^]/?#@]*\]|[^]\[:/?#@,]*)(:\d+)?"
_LABEL = r"[A-Za-z0-9](-*[A-Za-z0-9])*"
_DOMAIN_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ISSUER_NAME = re.compile(r"[a-z0-9]+(-(?![0-9]+(-|$))[a-z0-9]+)*")
_LONGEST_ISSUER_NAME = 40
_DATABASE_URL = re.compile(rf"postgres(ql)?://([^/?#@]*@)?{_HOST}(,{_HOST})*([/?].*)?")


def check_database_url(url: str) -> None:
    """Raises ValueError unless it is the URL of a PostgreSQL database."""
    # The text must not hold the URL: it may hold a password.
    if not _DATABASE_URL.fullmatch(url):
        raise ValueError(
            "no URL like postgresql://user:password@host/name; in a password write / as %2F,"
            " @ as %40, # as %23, ? as %3F"
        )


def check_public_url(url: str) -> str:
    """Gives `url` if it can be the public URL; else raises ValueError, which says what can."""
    if not _PUBLIC_URL.fullmatch(url) or not _has_host_and_port(url):
        raise ValueError("no URL like https://acme.example.com, without a slash at its end")
    return url


def _has_host_and_port(url: str) -> bool:
    """Whether the brackets are closed, and the port, if there is one, is a port."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def check_domain_names(names: list[str]) -> None:
    """Raises ValueError unless all are domain names."""
    if not all(map(_DOMAIN_NAME.fullmatch, names)):
        raise ValueError("no domain name like ca.example.com")


def check_networks(networks: list[str]) -> None:
    """Raises ValueError unless all are networks in CIDR notation."""
    try:
        for each in networks:
            ip_network(each)
    except ValueError:
        raise ValueError("no network like 10.0.0.0/8 or fd00::/8") from None


def check_issuer_names(names: list[str]) -> None:
    """Raises ValueError unless all are different names that an issuer can have."""
    for name in names:
        # A name that ends like -2 would be taken for the second CRL of another issuer.
        if len(name) > _LONGEST_ISSUER_NAME or not _ISSUER_NAME.fullmatch(name):
            raise ValueError(
                f"an issuer's name has 1 to {_LONGEST_ISSUER_NAME} of a-z, 0-9 and '-' inside, "
                "and no number alone after a '-'"
            )
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
