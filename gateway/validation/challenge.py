"""The challenge types there are. A new one is a file beside this and a line here."""

from gateway.validation import dns01, http01, tlsalpn01
from gateway.validation.method import Method

METHODS = {
    method.type: method
    for method in (
        Method("http-01", for_wildcards=False, check=http01.check),
        Method("dns-01", for_wildcards=True, check=dns01.check),
        Method("tls-alpn-01", for_wildcards=False, check=tlsalpn01.check),
    )
}


def offered(wildcard: bool) -> tuple[str, ...]:
    """Challenge types that can prove control over a name, or over everything below it."""
    return tuple(method.type for method in METHODS.values() if method.for_wildcards or not wildcard)
