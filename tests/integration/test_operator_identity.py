"""Who an audit event of a command names: whoever really acted."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.db.pool import Pool
from gateway.origin import operator
from tests.support.gateway import RunningGateway
from tests.support.server_process import write_config

ME = pwd.getpwuid(os.getuid()).pw_name


async def test_the_actor_is_the_process_owner_whatever_the_environment_says(
    gateway: RunningGateway, pool: Pool, tmp_path: Path
) -> None:
    file = write_config(gateway.services.settings, tmp_path / "gateway.toml")
    claims = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "somebody-else")
    subprocess.run(
        [sys.executable, "-m", "gateway", "reseller", "deposit", "demo", "1.00"]
        + ["--config", str(file)],
        env={**os.environ, **claims},
        check=True,
    )
    actor = await pool.fetchval("SELECT actor FROM audit.event ORDER BY id DESC LIMIT 1")
    assert actor.startswith(f"operator:{ME}")
    assert "somebody-else" not in actor


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return monkeypatch


def test_behind_sudo_stands_the_one_who_called_it(as_root: pytest.MonkeyPatch) -> None:
    other = next(user for user in pwd.getpwall() if user.pw_uid != 0)
    as_root.setenv("SUDO_UID", str(other.pw_uid))
    as_root.setenv("SUDO_USER", "somebody-else")
    assert operator() == f"{other.pw_name} as root"


def test_sudo_is_believed_of_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    user = next(user for user in pwd.getpwall() if user.pw_uid != 0)
    monkeypatch.setattr(os, "getuid", lambda: user.pw_uid)
    monkeypatch.setenv("SUDO_UID", "0")
    assert operator() == user.pw_name


@pytest.mark.parametrize("said", ["", "0", "-1", "x", "٤", "1e3"])
def test_what_is_no_user_behind_sudo_is_root(as_root: pytest.MonkeyPatch, said: str) -> None:
    as_root.setenv("SUDO_UID", said)
    assert operator() == "root"


def test_a_user_without_a_name_is_a_number(as_root: pytest.MonkeyPatch) -> None:
    as_root.setattr(os, "getuid", lambda: 4_000_000_000)
    assert operator() == "uid 4000000000"
    as_root.setattr(os, "getuid", lambda: 0)
    as_root.setenv("SUDO_UID", "99999999999999999999")
    assert operator() == "uid 99999999999999999999 as root"
