"""The challenge types that exist. A new one is a file beside this one, and a line here."""

from collections.abc import Sequence

from gateway.errors import ConfigurationError
from gateway.validation import dns01, dnsaccount01, dnspersist01, http01, tlsalpn01
from gateway.validation.method import Method

METHODS = {
    method.type: method
    for method in (
        Method("http-01", for_wildcards=False, check=http01.check),
        Method("dns-01", for_wildcards=True, check=dns01.check),
        Method("tls-alpn-01", for_wildcards=False, check=tlsalpn01.check),
        Method("dns-account-01", for_wildcards=True, check=dnsaccount01.check, draft=True),
        Method(
            "dns-persist-01",
            for_wildcards=True,
            check=dnspersist01.check,
            draft=True,
            has_token=False,
        ),
    )
}


def offered(wildcard: bool, types: Sequence[str]) -> tuple[str, ...]:
    """The types among `types` that can prove control over a name, or over all names below it."""
    return tuple(kind for kind in types if METHODS[kind].for_wildcards or not wildcard)


def choose(wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The types that an operator wants; None = all that are standards.

    Raises ConfigurationError for types that do not exist.
    """
    if wanted is None:
        return tuple(method.type for method in METHODS.values() if not method.draft)
    if unknown := [kind for kind in wanted if kind not in METHODS]:
        raise ConfigurationError(
            f"validation.methods: there is no {', '.join(unknown)}; choose of {', '.join(METHODS)}"
        )
    return tuple(dict.fromkeys(wanted))
