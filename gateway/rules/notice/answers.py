"""What is kept of a receiver's answer, for people to read."""

import re
from collections.abc import Sequence
from urllib.parse import quote

LONGEST_ANSWER = 500
"""Bytes of the text."""
ATTEMPTS_KEPT = 10
"""The last attempts at each delivery."""

_SHORTEST_SECRET = 16
"""Characters; shorter parts, such as the version of a signature, are no secret."""
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_LEFT_OUT = "…"


def kept_text(text: str, secrets: Sequence[str] = ()) -> str:
    """The beginning of an answer in one line, without any of `secrets`.

    A receiver may send back what it was sent: so signatures are left out in every usual spelling.
    """
    for secret in secrets:
        for part in sorted({secret, *re.split("[,_]", secret)}, key=len, reverse=True):
            if len(part) < _SHORTEST_SECRET:
                continue
            for written in {part, part.replace("/", "\\/"), quote(part, safe="")}:
                text = text.replace(written, _LEFT_OUT)
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line.encode(errors="replace")[:LONGEST_ANSWER].decode(errors="ignore")
