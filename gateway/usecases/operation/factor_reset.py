"""What operators do about second factors that were lost; a command does it without the gateway."""

from uuid import UUID

from gateway.errors import OperatorMistake
from gateway.store.operation import operators, second_factors, sessions
from gateway.store.operation.audit import Change
from gateway.store.reseller import logins
from gateway.usecases.work import Work


async def reset_of_operator(work: Work, name: str) -> None:
    """Removes all factors of an operator, if there are any, and signs them out.

    Raises OperatorMistake for an unknown name.
    """
    found = await operators.find_for_login(work.connection, name, None)
    if found is None:
        raise OperatorMistake(f"there is no operator {name!r}")
    await _reset(work, found.id, name)


async def reset_of_reseller(work: Work, login: str) -> None:
    """Removes all factors of a reseller, if there are any, and signs it out.

    Raises OperatorMistake for an unknown login.
    """
    found = await logins.find_for_login(work.connection, login, None)
    if found is None:
        raise OperatorMistake(f"there is no reseller {login!r}")
    await _reset(work, found.id, login)


async def _reset(work: Work, owner_id: UUID, name: str) -> None:
    if not await second_factors.remove(work.connection, owner_id):
        return
    ended = await sessions.end_all(work.connection, owner_id)
    await work.record(Change("second_factor.reset", name, None, {"sessionsEnded": ended}))
