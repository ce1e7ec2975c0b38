"""Who asks for a change, and from where: what the audit trail wants to know of every use case."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor` is reseller:<login>, acme:<account id>, operator:<who>, job:<name> or gateway:<part>.

    `source` is the network address of the request, if there was one.
    """

    actor: str
    source: str | None = None
