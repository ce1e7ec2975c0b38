"""Who asks for a change, and from where: what the audit trail wants to know of every use case."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

_NOBODY_LOGGED_IN = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor` is reseller:<login>, acme:<account id>, operator:<who>, job:<name> or gateway:<part>.

    `source` is the network address of the request, if there was one.
    """

    actor: str
    source: str | None = None


def operator(login_uid: Path = Path("/proc/self/loginuid")) -> str:
    """The system's user who runs this process, after the one who stands behind it, if known.

    The kernel's word, not that of LOGNAME or USER, which anybody can set: the user who logged in
    (pam_loginuid; kept through su and sudo), or else SUDO_UID, which is believed of root only.
    """
    uid = os.getuid()
    behind = _number(login_uid)
    if behind is None and uid == 0:
        behind = _number(os.environ.get("SUDO_UID", ""))
    if behind is None or behind == uid:
        return _name(uid)
    return f"{_name(behind)} as {_name(uid)}"


def _number(found: Path | str) -> int | None:
    """A user's id; None for what is none, and for the kernel's `nobody logged in`."""
    try:
        text = found if isinstance(found, str) else found.read_text()
    except OSError:
        return None
    number = int(text) if text.isascii() and text.strip().isdigit() else _NOBODY_LOGGED_IN
    return None if number >= _NOBODY_LOGGED_IN else number


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user may have no name
        return f"uid {uid}"
