"""Reseller passwords: argon2id outside the event loop, and a short cache of right ones."""

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors.request import TooManyLogins

_REMEMBERED_SECONDS = 60.0
_REMEMBERED_ENTRIES = 10_000
_WAITING_CHECKS = 64

# As OWASP's password storage guide has it: as strong as more memory with fewer passes, and a worker
# stays small however many log in at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")


async def hash_password(password: str) -> str:
    """Gives the argon2id hash in its encoded form; takes some 30 ms of another thread."""
    return await asyncio.get_running_loop().run_in_executor(_executor, _hasher.hash, password)


class PasswordChecker:
    """Checks passwords; one per process. It only says whether one fits, not who may log in."""

    def __init__(self) -> None:
        self._memory_key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, float] = OrderedDict()
        self._waiting = 0
        self._hash_of_nobody: str | None = None
        self.checks_run = 0

    def remembers(self, login: str, password: str, password_hash: str) -> bool:
        """Whether this very password fitted this very hash within the last minute.

        A changed password changes the hash, so an earlier entry no longer counts.
        """
        seen_until = self._remembered.get(self._memory_of(login, password, password_hash))
        return seen_until is not None and time.monotonic() < seen_until

    async def fits(self, login: str, password: str, password_hash: str | None) -> bool:
        """Whether a password fits a hash.

        argon2 runs also for `None` (an unknown login), so that both take the same time. Raises
        TooManyLogins when too many checks already wait.
        """
        if self._waiting >= _WAITING_CHECKS:
            raise TooManyLogins
        self._waiting += 1
        try:
            correct = await self._verify(password, password_hash)
        finally:
            self._waiting -= 1
        if correct and password_hash is not None:
            self._remember(self._memory_of(login, password, password_hash))
        return correct

    async def _verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            if self._hash_of_nobody is None:
                self._hash_of_nobody = await hash_password(secrets.token_urlsafe())
            await self._run(self._hash_of_nobody, password)
            return False
        return await self._run(password_hash, password)

    async def _run(self, password_hash: str, password: str) -> bool:
        self.checks_run += 1
        return await asyncio.get_running_loop().run_in_executor(
            _executor, _verify, password_hash, password
        )

    def _memory_of(self, login: str, password: str, password_hash: str) -> bytes:
        parts = (login.encode(), password.encode(), password_hash.encode())
        text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._memory_key, text, "sha256")

    def _remember(self, memory: bytes) -> None:
        self._remembered[memory] = time.monotonic() + _REMEMBERED_SECONDS
        self._remembered.move_to_end(memory)
        while len(self._remembered) > _REMEMBERED_ENTRIES:
            self._remembered.popitem(last=False)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
