"""The gateway's outer interfaces: each parses, authenticates, calls one use case and renders."""

from importlib import import_module

from gateway.services import Services
from gateway.web.door import Door

DOORS = ("reseller", "sitelock", "ssl", "console")
"""The folders of the HTTP doors; a new one is a line here. All other paths are the ACME door's."""


def open_doors(services: Services) -> dict[str, Door]:
    """The HTTP doors of a process, by folder: what `open_door` in its `door.py` gives."""
    return {name: import_module(f"gateway.doors.{name}.door").open_door(services) for name in DOORS}
