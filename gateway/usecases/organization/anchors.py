"""Which pre-validations a name is linked to, by the numbers that resellers send (O2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.errors.organization import NotApplicableForDv
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.rules.organization.prevalidations import covers, number_of
from gateway.store.organization import prevalidations
from gateway.usecases.work import Work

OV_ARGUMENT, EV_ARGUMENT = "ovAnchorOrderNumber", "evAnchorOrderNumber"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Numbers of pre-validations; both None on DV servers."""

    ov: int | None = None
    ev: int | None = None


@dataclass(frozen=True, slots=True)
class SentAnchors:
    """Numbers of pre-validations as the reseller sent them; None = not sent."""

    ov: str | None = None
    ev: str | None = None


async def hold(work: Work, reseller_id: UUID, sent: SentAnchors) -> None:
    """Locks the pre-validations that were sent, so that their states stay.

    Call it before the credential is locked.
    """
    numbers = [number_of(text) for text in (sent.ov, sent.ev) if text]
    if known := {number for number in numbers if number is not None}:
        await prevalidations.lock_for_linking(work.connection, known, reseller_id)


async def anchors_for(
    work: Work,
    *,
    reseller_id: UUID,
    validation: str,
    names: Sequence[str],
    sent: SentAnchors,
) -> Anchors:
    """Gives the pre-validations for `names`: checked, not yet linked.

    An EV pre-validation is kept with OV names and changes nothing: there are no EV servers (O12).
    Raises NotApplicableForDv (E9), ArgumentMissing (E2), ArgumentInvalid (E3) for one that is
    foreign or unknown, not valid now, or does not cover a name.
    """
    if validation == "DV":
        if sent.ov or sent.ev:
            raise NotApplicableForDv
        return Anchors()
    if not sent.ov:
        raise ArgumentMissing(OV_ARGUMENT)
    ov = await _usable(work, reseller_id, OV_ARGUMENT, sent.ov, names)
    if not sent.ev:
        return Anchors(ov)
    return Anchors(ov, await _usable(work, reseller_id, EV_ARGUMENT, sent.ev, names))


async def _usable(
    work: Work,
    reseller_id: UUID,
    argument: str,
    sent: str,
    names: Sequence[str],
) -> int:
    number = number_of(sent)
    found = None
    if number is not None:
        found = await prevalidations.find(work.connection, number, reseller_id=reseller_id)
    if (
        found is None
        or not found.validity.holds(work.now)
        or not all(covers(found.domains, name) for name in names)
        or (argument == EV_ARGUMENT and found.type != "EV")
    ):
        raise ArgumentInvalid(argument)
    return found.number
