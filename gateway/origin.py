"""Who asks for a change, and from where: what the audit trail wants to know of every use case."""

import os
import pwd
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor` is reseller:<login>, acme:<account id>, operator:<who>, job:<name> or gateway:<part>.

    `source` is the network address of the request, if there was one.
    """

    actor: str
    source: str | None = None


def operator() -> str:
    """The system's user who runs this process; one who became root by sudo is named with it.

    The kernel's word, not that of LOGNAME or USER, which anybody can set. SUDO_UID is believed
    only of root: who is root can say anything, and sudo says the truth.
    """
    uid = os.getuid()
    behind = os.environ.get("SUDO_UID", "") if uid == 0 else ""
    if behind.isascii() and behind.isdigit() and int(behind) not in (0, uid):
        return f"{_name(int(behind))} as {_name(uid)}"
    return _name(uid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):  # a container's user may have no name
        return f"uid {uid}"
