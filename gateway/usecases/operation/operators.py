"""Operators of the console: who they are, and what role they have. Each call audits its change."""

from dataclasses import dataclass, field

import asyncpg

from gateway import ids
from gateway.errors import OperatorMistake
from gateway.rules.operation.input import check_operator_name, check_operator_password, check_role
from gateway.store.operation import operators, sessions
from gateway.store.operation.audit import Change
from gateway.store.operation.operators import NewOperator, OperatorRow
from gateway.store.reseller import resellers
from gateway.usecases.work import Work

__all__ = ["OperatorChanges", "OperatorRow", "add_operator", "list_operators", "set_operator"]


@dataclass(frozen=True, slots=True)
class OperatorChanges:
    """Changes to an operator; None leaves a value as it is."""

    role: str | None = None
    status: str | None = None
    """active or suspended."""
    password: str | None = field(default=None, repr=False)


async def add_operator(work: Work, *, name: str, role: str, password: str) -> None:
    """Adds an operator; raises OperatorMistake.

    A reseller's login cannot be the name: the console has one form for both.
    """
    check_operator_name(name)
    check_operator_password(password)
    checked = check_role(role)
    if await resellers.lock_by_login(work.connection, name) is not None:
        raise OperatorMistake(f"{name!r} is a reseller's login: one form signs in both")
    operator = NewOperator(ids.new_id(), name, checked, await _hash(password))
    try:
        async with work.connection.transaction():
            await operators.add(work.connection, operator, work.now)
    except asyncpg.UniqueViolationError:
        raise OperatorMistake(f"the name {name!r} is taken") from None
    await work.record(Change("operator.added", name, None, {"role": checked}))


async def list_operators(work: Work) -> list[OperatorRow]:
    """All operators by name."""
    return await operators.list_all(work.connection)


async def set_operator(work: Work, name: str, wanted: OperatorChanges) -> None:
    """Changes what is given; who is suspended or has a new password is signed out everywhere.

    Raises OperatorMistake.
    """
    role = None if wanted.role is None else check_role(wanted.role)
    if wanted.password is not None:
        check_operator_password(wanted.password)
    before = await operators.lock_by_name(work.connection, name)
    if before is None:
        raise OperatorMistake(f"there is no operator {name!r}")
    after = {"role": role or before.role, "status": wanted.status or before.status}
    await operators.update(work.connection, before.id, after["role"], after["status"])
    if wanted.password is not None:
        hashed = await _hash(wanted.password)
        await operators.set_password_hash(work.connection, before.id, hashed)
    if wanted.password is not None or after["status"] != "active":
        await sessions.end_all(work.connection, before.id)
    recorded = {**after, "passwordChanged": wanted.password is not None}
    was = {"role": before.role, "status": before.status}
    await work.record(Change("operator.changed", name, was, recorded))


async def _hash(password: str) -> str:
    from gateway import passwords  # loads argon2, which most commands need not

    return await passwords.hash_password(password)
