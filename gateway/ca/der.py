"""DER taken apart level by level: only what is used of it must be well-formed."""

from typing import NamedTuple

from cryptography.hazmat import asn1

SEQUENCE = b"\x30"
INTEGER = b"\x02"
NULL = b"\x05"


@asn1.sequence
class _Parts:
    each: list[asn1.TLV]


class Part(NamedTuple):
    """One element."""

    tag: bytes
    content: bytes

    @property
    def parts(self) -> "list[Part]":
        """Raises ValueError when it consists of something else."""
        return parts(self.content)

    @property
    def encoded(self) -> bytes:
        return element(self.tag, self.content)


def parts(content: bytes) -> list[Part]:
    """The elements that `content` consists of; raises ValueError for anything else."""
    try:
        # The reader takes no bare SEQUENCE OF.
        found = asn1.decode_der(_Parts, element(SEQUENCE, element(SEQUENCE, content))).each
    except TypeError as error:
        raise ValueError(str(error)) from error
    return [Part(bytes(each.tag_bytes), bytes(each.data)) for each in found]


def element(tag: bytes, content: bytes) -> bytes:
    return tag + asn1.encode_der(content)[1:]
