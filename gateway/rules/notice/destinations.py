"""Checks of destinations. They raise NoticeMistake, whose text says what to change."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from yarl import URL

from gateway.errors.notice import NoticeMistake
from gateway.rules.mail_addresses import is_mail_address
from gateway.rules.notice.kinds import BY_DEFAULT, KINDS

MOST_DESTINATIONS = 10
"""The most destinations of one reseller."""

LONGEST_ADDRESS = 2000
_LONGEST_HOST = 254  # characters, with a dot at the end
_LONGEST_LABEL = 63

_CHARACTERS = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without a backslash, which programs interpret differently."""


def check_url(text: str, *, sandbox: bool) -> str:
    """Checks a webhook's URL: https, a host with a dot, no user and no fragment.

    In a sandbox http and any host are allowed. Whether an address is public is not decided here.
    """
    if not _CHARACTERS.fullmatch(text) or len(text) > LONGEST_ADDRESS:
        raise _unfit(f"is 1 to {LONGEST_ADDRESS} printable ASCII characters")
    if not _has_host_of_sensible_length(text):
        raise _unfit("has a public host name")
    try:
        url = URL(text)
        host, port = url.raw_host or "", url.explicit_port
    except ValueError:
        raise _unfit("looks like https://example.com/notices") from None
    if url.scheme != "https" and not (sandbox and url.scheme == "http"):
        raise _unfit("begins with https://")
    if not host or port == 0 or (not sandbox and "." not in host and ":" not in host):
        raise _unfit("has a public host name")
    if url.user is not None or url.password is not None or "#" in text:
        raise _unfit("has no user, password or fragment")
    return text


def _has_host_of_sensible_length(text: str) -> bool:
    """Whether the host is short enough, before it is decoded, which takes long for a long one."""
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        raise _unfit("looks like https://example.com/notices") from None
    return len(host) <= _LONGEST_HOST and all(
        len(label) <= _LONGEST_LABEL for label in host.split(".")
    )


def check_mail_address(text: str) -> str:
    if not is_mail_address(text):
        raise NoticeMistake("address", f"{text[:100]!r} is no mail address like it@example.com")
    return text


def check_kinds(wanted: Sequence[str]) -> tuple[str, ...]:
    """Gives the kinds in the order of the list, each once; without any, the usual ones."""
    if not wanted:
        return BY_DEFAULT
    for kind in wanted:
        if kind not in KINDS:
            raise NoticeMistake("kind", f"{kind[:100]!r} is none of {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def _unfit(what: str) -> NoticeMistake:
    return NoticeMistake("address", f"the URL of a webhook {what}")
