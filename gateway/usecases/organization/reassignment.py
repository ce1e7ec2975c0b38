"""Re-assigning names to another pre-validation: UPDATEDOMAINS and renewal (O6–O8)."""

from uuid import UUID

from gateway.errors.request import ArgumentInvalid
from gateway.rules.organization.prevalidations import covers
from gateway.store.acme import eab_credentials
from gateway.store.operation.audit import Change
from gateway.store.organization import prevalidation_links, prevalidations
from gateway.store.organization.prevalidations import Prevalidation
from gateway.usecases.organization.prevalidations import record_move
from gateway.usecases.work import Work


async def reassign(
    work: Work, *, reseller_id: UUID, old_number: int, new_number: int, kid: str | None = None
) -> set[UUID]:
    """Links names to `new_number` instead of `old_number`; gives the ids of their rows (O8).

    Those of one credential, or with `kid` None all of them. When the new one renews the old one and
    no name is left on the old one, that is superseded. Raises ArgumentInvalid (E3) when the new one
    is not valid now or does not cover one of the names: then nothing may be committed.
    """
    await prevalidations.lock_for_decision(
        work.connection, {old_number, new_number}, reseller_id=reseller_id
    )
    if kid is None:
        await prevalidation_links.lock_linked_credentials(work.connection, old_number)
    else:
        await eab_credentials.lock_for_change(work.connection, kid)
    old = await prevalidations.find(work.connection, old_number, reseller_id=reseller_id)
    new = await prevalidations.find(work.connection, new_number, reseller_id=reseller_id)
    if old is None:
        raise ArgumentInvalid("oldOVAnchorOrderNumber")
    linked = await prevalidation_links.linked_names(work.connection, old_number, kid)
    if (
        new is None
        or not new.validity.holds(work.now)
        or not all(covers(new.domains, link.name) for link in linked)
    ):
        raise ArgumentInvalid("ovAnchorOrderNumber")
    if old_number == new_number:
        return set()
    moved = await prevalidation_links.move_links(work.connection, old_number, new_number, kid)
    changes = [_reassigned(link.name, link.kid, old_number, new_number) for link in linked]
    await work.record(*changes)
    if new.previous_number == old.number:
        await _supersede(work, old, new)
    return moved


async def reassign_ev(
    work: Work,
    *,
    reseller_id: UUID,
    old_number: int,
    new_number: int,
    kid: str,
) -> set[UUID]:
    """Does as `reassign` for the EV pre-validations kept with names; call it afterwards.

    Raises ArgumentInvalid (E3) for one that is not the reseller's, or not a valid EV one.
    """
    if not await prevalidations.find(work.connection, old_number, reseller_id=reseller_id):
        raise ArgumentInvalid("oldEVAnchorOrderNumber")
    new = await prevalidations.find(work.connection, new_number, reseller_id=reseller_id)
    if new is None or new.type != "EV" or not new.validity.holds(work.now):
        raise ArgumentInvalid("evAnchorOrderNumber")
    names = await prevalidation_links.ev_linked_names(work.connection, old_number, kid)
    if not all(covers(new.domains, name) for name in names):
        raise ArgumentInvalid("evAnchorOrderNumber")
    if old_number == new_number:
        return set()
    return await prevalidation_links.move_ev_links(work.connection, old_number, new_number, kid)


async def _supersede(work: Work, old: Prevalidation, new: Prevalidation) -> None:
    """Supersedes a renewed pre-validation that no OV name is linked to any more (O7).

    Names no longer keep it as their EV pre-validation, unless the renewal is an EV one as well.
    """
    if old.state not in ("valid", "expired"):
        return
    if await prevalidation_links.linked_names(work.connection, old.number):
        return
    await prevalidation_links.move_ev_links(
        work.connection, old.number, new.number if new.type == "EV" else None
    )
    await prevalidations.set_state(work.connection, old.number, "superseded")
    await record_move(work, "superseded", old, "superseded")


def _reassigned(name: str, kid: str, old_number: int, new_number: int) -> Change:
    return Change(
        "domain.reassigned",
        name,
        {"credential": kid, "ovAnchorOrderNumber": old_number},
        {"credential": kid, "ovAnchorOrderNumber": new_number},
    )
