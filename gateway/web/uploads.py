"""Reading forms with a file (multipart/form-data, RFC 7578), bounded in size, number and time.

The fields stand before the file, and the file is the last part. So a form is checked before any of
the file is kept: what is refused by then is never read.
"""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    parse_content_disposition,
)

from gateway.web.body import MAXIMUM_SECONDS
from gateway.web.unserved import BodyBroken, BodyTooLarge, BodyTooSlow
from gateway.web.untrusted import MOST_FIELDS, Field

WITH_FILE = "multipart/form-data"
"""The media type of a form with a file."""

_FILE_SECONDS = 120.0
"""For a file, which people send over slow lines."""
_BESIDE_FILE = 64 * 1024
"""Bytes of boundaries and of what is read ahead, besides those of a file."""
_MOST_HEADERS = 8
_LONGEST_HEADER = 2048
_ENCODINGS = ("7bit", "8bit", "binary")
"""Values of Content-Transfer-Encoding that change nothing (RFC 7578 §4.7)."""

# They would put what strangers send on the standard error, and remember each.
for _category in (BadContentDispositionHeader, BadContentDispositionParam):
    warnings.filterwarnings("ignore", category=_category)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form: its name as it was sent, its bytes, and their SHA-256."""

    name: str
    content: bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the body with its names; `filename` None = it is no file (RFC 7578 §4.2)."""

    reader: BodyPartReader
    name: str
    filename: str | None


class FormWithFile:
    """A form with a file that is being read: first `fields`, then `file`.

    Both raise BodyTooLarge, BodyTooSlow or BodyBroken.
    """

    def __init__(self, request: web.Request, most_bytes: int) -> None:
        self._headers = request.headers
        self._content = _CountedContent(request.content, most_bytes)
        self._parts: MultipartReader | None = None
        self._file: _Part | None = None

    async def fields(self) -> list[Field]:
        """The fields before the file."""
        fields: list[Field] = []
        async with _bounded(MAXIMUM_SECONDS):
            self._parts = MultipartReader(
                self._headers,
                cast(StreamReader, self._content),
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
            )
            while (part := await self._next()) is not None:
                if part.filename is not None:
                    self._file = part
                    break
                if len(fields) == MOST_FIELDS:
                    raise BodyTooLarge
                value = b"".join([chunk async for chunk in _chunks(part)])
                fields.append(Field(part.name, value.decode("utf-8", "surrogateescape")))
        return fields

    async def file(self, most_bytes: int) -> SentFile | None:
        """The file, cut after one byte more than `most_bytes`; None = none was chosen."""
        part, self._file = self._file, None
        if part is None:
            return None
        self._content.allow(most_bytes + _BESIDE_FILE)
        content, digest = bytearray(), sha256()
        async with _bounded(_FILE_SECONDS):
            async for chunk in _chunks(part):
                taken = chunk[: most_bytes + 1 - len(content)]
                content += taken
                digest.update(taken)
                if len(content) > most_bytes:
                    break
            else:
                if await self._next() is not None:  # it was not there to be checked
                    raise BodyBroken
        if not part.filename and not content:  # so browsers send a field without a file
            return None
        return SentFile(part.filename or "", bytes(content), digest.digest())

    async def _next(self) -> _Part | None:
        """The next part; None = the last one was read."""
        assert self._parts is not None
        reader = await self._parts.next()
        if reader is None:
            return None
        if not isinstance(reader, BodyPartReader) or _is_encoded(reader):
            raise BodyBroken
        kind, parameters = parse_content_disposition(reader.headers.get(hdrs.CONTENT_DISPOSITION))
        name = content_disposition_filename(parameters, "name")
        if kind != "form-data" or name is None:
            raise BodyBroken
        return _Part(reader, name, content_disposition_filename(parameters, "filename"))


class _CountedContent:
    """What a reader of parts asks of a stream; raises BodyTooLarge after so many bytes."""

    def __init__(self, stream: StreamReader, most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes

    def allow(self, most_bytes: int) -> None:
        """Lets so many bytes be read from now on."""
        self._left = most_bytes

    def at_eof(self) -> bool:
        return self._stream.at_eof()

    async def read(self, size: int = -1) -> bytes:
        return self._counted(await self._stream.read(size))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        return self._counted(await self._stream.readline(max_line_length=max_line_length))

    def unread_data(self, data: bytes) -> None:
        self._left += len(data)
        self._stream.unread_data(data)

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise BodyTooLarge
        return data


async def _chunks(part: _Part) -> AsyncIterator[bytes]:
    while chunk := await part.reader.read_chunk():
        yield chunk


def _is_encoded(reader: BodyPartReader) -> bool:
    """Whether a part is not the bytes that were meant; browsers send none such."""
    encoding = reader.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary")
    return encoding.lower() not in _ENCODINGS or hdrs.CONTENT_ENCODING in reader.headers


@asynccontextmanager
async def _bounded(seconds: float) -> AsyncIterator[None]:
    """Raises BodyTooSlow after so many seconds, and BodyBroken for what are no parts."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise BodyTooSlow from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise BodyBroken from None
    except (ValueError, RuntimeError, AssertionError, LookupError):  # so aiohttp refuses parts
        raise BodyBroken from None
