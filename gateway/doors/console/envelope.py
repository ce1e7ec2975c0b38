"""The pages that tell of errors."""

from collections.abc import Callable, Mapping

from aiohttp import web

from gateway.doors.console.sentences import SENTENCES, TITLES, UNSERVED, Sentence, text_of
from gateway.errors import OperatorMistake
from gateway.web.door import Envelope, Exchange


class ConsoleEnvelope(Envelope[Sentence]):
    """Renders errors as pages; `render` makes the page of (exchange, status, title, text)."""

    table: Mapping[type[Exception], Sentence] = {**SENTENCES, **UNSERVED}

    def __init__(self, render: Callable[[Exchange, int, str, str], web.Response]) -> None:
        self._render = render

    def refusal(self, line: Sentence, error: Exception, exchange: Exchange) -> web.Response:
        return self._render(exchange, line.status, TITLES[line.status], text_of(line, error))

    def operator_text(self, line: Sentence, error: Exception) -> str:
        return for_the_record(line, error)


def for_the_record(line: Sentence, error: Exception) -> str:
    """A refusal's text for operators, without what somebody typed and may be a password."""
    return "" if line.text is None and isinstance(error, OperatorMistake) else text_of(line, error)
