"""The origin of a change, which the audit trail records: who asked for it, and from where."""

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
    """Names the user of this process, and the user who logged in and became it, if known.

    This goes by the kernel and not by LOGNAME or USER, which anybody can set: the user who logged
    in (pam_loginuid; kept through su and sudo), or else SUDO_UID, which is trusted only if root
    runs this process.
    """
    uid = os.getuid()
    behind = _number(login_uid)
    if behind is None and uid == 0:
        behind = _number(os.environ.get("SUDO_UID", ""))
    if behind is None or behind == uid:
        return _name(uid)
    return f"{_name(behind)} as {_name(uid)}"


def _number(found: Path | str) -> int | None:
    """Reads a user's id; None if it is none, or the kernel's value for `nobody logged in`."""
    try:
        text = found if isinstance(found, str) else found.read_text()
    except OSError:
        return None
    number = int(text) if text.isascii() and text.strip().isdigit() else _NOBODY_LOGGED_IN
    return None if number >= _NOBODY_LOGGED_IN else number


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # the user of a container may have no name
        return f"uid {uid}"
