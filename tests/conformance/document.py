"""Reads the commands of docs/clients.md exactly as customers see them."""

import re
import sys
from pathlib import Path

from tests.conformance.conftest import Site

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"


def documented(client: str) -> str:
    """The code behind `<!-- client -->`."""
    pattern = rf"<!-- {re.escape(client)} -->\n```\w+\n(.*?)```"
    found = re.findall(pattern, DOCUMENT.read_text(), re.DOTALL)
    assert len(found) == 1, client
    return str(found[0])


def variables(site: Site) -> dict[str, str]:
    """The environment that the document asks for, and where this machine keeps its programs."""
    eab = site.customer.eab
    return {
        "DIRECTORY": site.gateway.directory_url,
        "EAB_KID": eab.kid,
        "EAB_MAC_KEY": eab.mac_key,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin",
        "XDG_CONFIG_HOME": str(site.directory),
    }


def here(text: str, **places: str) -> str:
    """`text` with ports and paths of this machine; each must stand in it."""
    for written, place in places.items():
        assert written in text
        text = text.replace(written, place)
    return text


def hook(site: Site, script: str = '\nexec {hook} "$@"\n') -> Path:
    """`./dns-hook` of the document, which translates a client's words into ours."""
    file = site.directory / "dns-hook"
    file.write_text("#!/bin/sh" + script.format(hook=site.zone.hook))
    file.chmod(0o755)
    return file
