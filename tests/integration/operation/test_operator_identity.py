"""Audit events of commands name the person who really acted."""

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

NO_LOGIN = Path("/does/not/exist")
OTHER = next(user for user in pwd.getpwall() if user.pw_uid != 0)
ME = pwd.getpwuid(os.getuid()).pw_name


def deposit(settings_file: Path, **environment: str) -> None:
    command = [sys.executable, "-m", "gateway", "reseller", "deposit", "demo", "1.00"]
    command += ["--config", str(settings_file)]
    subprocess.run(command, env={**os.environ, **environment}, check=True)


async def test_the_actor_is_the_process_owner_whatever_the_environment_says(
    gateway: RunningGateway, pool: Pool, tmp_path: Path
) -> None:
    file = write_config(gateway.services.settings, tmp_path / "gateway.toml")
    deposit(file, **dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "somebody-else"))
    actor = await pool.fetchval(
        "SELECT actor FROM audit.event WHERE action = 'reseller.deposited' ORDER BY id DESC LIMIT 1"
    )
    assert actor == f"operator:{operator()}"
    assert ME in actor
    assert "somebody-else" not in actor


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return monkeypatch


def test_behind_sudo_stands_the_one_who_called_it(as_root: pytest.MonkeyPatch) -> None:
    as_root.setenv("SUDO_UID", str(OTHER.pw_uid))
    as_root.setenv("SUDO_USER", "somebody-else")
    assert operator(NO_LOGIN) == f"{OTHER.pw_name} as root"


def test_sudo_is_believed_of_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: OTHER.pw_uid)
    monkeypatch.setenv("SUDO_UID", "0")
    assert operator(NO_LOGIN) == OTHER.pw_name


def test_who_logged_in_is_the_kernels_word(as_root: pytest.MonkeyPatch, tmp_path: Path) -> None:
    as_root.setenv("SUDO_UID", "4000000000")
    login = tmp_path / "loginuid"
    login.write_text(str(OTHER.pw_uid))
    assert operator(login) == f"{OTHER.pw_name} as root"
    login.write_text("0")
    assert operator(login) == "root"
    login.write_text("4294967295")
    assert operator(login) == "uid 4000000000 as root"


@pytest.mark.parametrize(
    "said", ["", "0", "-1", "x", "\N{ARABIC-INDIC DIGIT FOUR}", "1e3", "9" * 20]
)
def test_what_is_no_user_behind_sudo_is_root(as_root: pytest.MonkeyPatch, said: str) -> None:
    as_root.setenv("SUDO_UID", said)
    assert operator(NO_LOGIN) == "root"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert operator(NO_LOGIN) == "uid 4000000000"
