"""A CA in a directory of its own."""

from pathlib import Path

import pytest

from gateway.ca.local.issuer import LocalCa
from tests.support.csrs import NOW

BASE_URL = "http://ca.example.net"


@pytest.fixture
def ca(tmp_path: Path) -> LocalCa:
    """Made at NOW."""
    return LocalCa.create_or_load(tmp_path / "ca", NOW, base_url=BASE_URL)
