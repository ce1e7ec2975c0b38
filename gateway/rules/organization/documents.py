"""Documents of organizations: which files are taken, what they are called, what is asked for."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors.organization import InvalidDetail

MAXIMUM_BYTES = 5 * 1024 * 1024
MOST_DOCUMENTS = 20
"""How many documents an organization may have."""
MOST_ASKED = 20
"""Documents that an organization is asked for and that were not sent yet."""
LONGEST_NAME = 200
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of files that is taken: how its bytes and the names of its files look."""

    shown: str
    first_bytes: bytes
    endings: tuple[str, ...]


TYPES: Mapping[str, FileType] = {
    "application/pdf": FileType("PDF", b"%PDF-", (".pdf",)),  # ISO 32000-2
    "image/png": FileType("PNG", b"\x89PNG\r\n\x1a\n", (".png",)),  # RFC 2083 §3.1
    "image/jpeg": FileType("JPEG", b"\xff\xd8\xff", (".jpg", ".jpeg")),  # ITU-T T.81
}
"""By media type."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file once it was checked."""

    name: str
    media_type: str


def checked_file(name: str, content: bytes) -> FileFacts:
    """Gives a file's name as it is stored, and its type by its bytes. Raises InvalidDetail."""
    if len(content) > MAXIMUM_BYTES:
        raise _wrong(f"the file has more than {MAXIMUM_BYTES // 1024**2} MB")
    media_type = _type_of(content)
    stored = _checked_name(name)
    file_type = TYPES[media_type]
    # Who opens a downloaded file goes by its name: that must not make it another kind of file.
    if not stored.lower().endswith(file_type.endings):
        endings = " or ".join(file_type.endings)
        raise _wrong(f"the file is a {file_type.shown}, so its name must end with {endings}")
    return FileFacts(stored, media_type)


def check_room(number: int) -> None:
    """Raises InvalidDetail when an organization that has so many documents takes no other."""
    if number >= MOST_DOCUMENTS:
        raise _wrong(f"an organization has at most {MOST_DOCUMENTS} documents; remove one first")


def checked_text(text: str, unanswered: int) -> str:
    """Gives what an operator asks for as it is stored; `unanswered` were asked for before.

    Raises InvalidDetail.
    """
    stored = unicodedata.normalize("NFC", text).strip()
    if not stored or not stored.isprintable():
        raise InvalidDetail("text", "the text is empty or holds control or invisible characters")
    if len(stored) > LONGEST_TEXT:
        raise InvalidDetail("text", f"the text has more than {LONGEST_TEXT} characters")
    if unanswered >= MOST_ASKED:
        raise InvalidDetail("text", f"{MOST_ASKED} documents are asked for already; withdraw one")
    return stored


def _type_of(content: bytes) -> str:
    for media_type, each in TYPES.items():
        if content.startswith(each.first_bytes):
            return media_type
    raise _wrong("the file is no PDF, PNG or JPEG")


def _checked_name(name: str) -> str:
    # macOS puts other kinds of spaces, which are not printable, into the names of screenshots.
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in name)
    stored = unicodedata.normalize("NFC", spaced).strip()
    if not stored.isprintable() or "/" in stored or "\\" in stored:
        raise _wrong("the file's name holds a path, or control or invisible characters")
    if len(stored) > LONGEST_NAME:
        raise _wrong(f"the file's name has more than {LONGEST_NAME} characters")
    return stored


def _wrong(text: str) -> InvalidDetail:
    return InvalidDetail("document", text)
