"""Which errors of sockets are our own machine's, and no fault of whom we wanted to reach."""

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
    """Whether a connection, to `address`, came to nothing for want of something here.

    Without IPv6 a machine has no address to reach IPv6 ones from: that is no trouble but a fact.
    """
    if error.errno == errno.EADDRNOTAVAIL:  # all local ports are in use
        return ":" not in address
    return error.errno in _OURS
