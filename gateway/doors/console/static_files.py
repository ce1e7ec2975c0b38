"""The style sheets, scripts and icon of the pages, each under a hash of its content.

So an address never changes its content, and browsers keep it for good.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from gateway.doors.console.routes import BASE
from gateway.web.door import Exchange, kept_for_good
from gateway.web.unserved import NoSuchResource

DIRECTORY = Path(__file__).parent / "static"
PATH = f"{BASE}/static/{{digest}}/{{name}}"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with what is served of it."""

    digest: str
    content_type: str
    body: bytes
    compressed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """All files by name."""
    files = (file for file in DIRECTORY.iterdir() if file.suffix in _TYPES)
    return {file.name: _read(file) for file in files}


def address(name: str) -> str:
    """The path at which a file is served."""
    return f"{BASE}/static/{assets()[name].digest}/{name}"


async def serve(exchange: Exchange) -> web.Response:
    """Serves a file, or 304; raises NoSuchResource."""
    request = exchange.request
    asset = assets().get(request.match_info["name"])
    if asset is None or asset.digest != request.match_info["digest"]:
        raise NoSuchResource
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    tag = f"{asset.digest}-gzip" if small else asset.digest  # strong: it stands for these bytes
    headers = {"ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
    if any(known.value == tag for known in request.if_none_match or ()):
        return kept_for_good(web.Response(status=304, headers=headers))
    body = asset.compressed if small else asset.body
    if small:
        headers["Content-Encoding"] = "gzip"
    return kept_for_good(
        web.Response(body=body, headers=headers, content_type=asset.content_type, charset="utf-8")
    )


def _read(file: Path) -> Asset:
    body = file.read_bytes()
    digest = sha256(body).hexdigest()[:16]
    return Asset(digest, _TYPES[file.suffix], body, gzip.compress(body, mtime=0))
