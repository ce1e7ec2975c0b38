"""Which socket errors have their cause on this machine, not at the server to be reached."""

import errno

_OURS = frozenset(
    {
        errno.EMFILE,  # no descriptors left for this process …
        errno.ENFILE,  # … or for this machine
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRINUSE,
        errno.ENETDOWN,
        errno.EACCES,  # our own packet filter
        errno.EPERM,
    }
)


def is_ours(error: OSError, address: str = "") -> bool:
    """Whether a connection to `address` failed because this machine lacks something.

    A machine without IPv6 has no address to reach IPv6 ones from: that does not count as a fault.
    """
    if error.errno == errno.EADDRNOTAVAIL:  # all local ports are in use
        return ":" not in address
    return error.errno in _OURS
