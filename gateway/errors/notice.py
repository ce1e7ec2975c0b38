"""Refusals of the set-up of notices."""

from gateway.errors import OperatorMistake


class NoticeMistake(OperatorMistake):
    """Notices cannot be set up like that. `part` is what is wrong: address, kind, destination, …"""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(text)
        self.part = part
