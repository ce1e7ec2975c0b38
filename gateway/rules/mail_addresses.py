"""Mail addresses of contacts, organizations and notices."""

import re

_MAXIMUM_LENGTH = 254
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"
)


def is_mail_address(text: str) -> bool:
    """Whether the text is one bare address, without a display name, comments or quotes."""
    return len(text) <= _MAXIMUM_LENGTH and _ADDRESS.fullmatch(text) is not None
