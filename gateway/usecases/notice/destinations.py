"""Where notices go and which ones: what resellers and operators set up; sending them again.

All that change something take a unit of work. They raise NoticeMistake without having changed
anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from gateway import ids
from gateway.config import Settings
from gateway.errors.notice import NoticeMistake
from gateway.rules.money import amounts as money_amounts
from gateway.rules.notice import notices
from gateway.rules.notice.destinations import (
    MOST_DESTINATIONS,
    check_kinds,
    check_mail_address,
    check_url,
)
from gateway.rules.notice.kinds import Channel, instant
from gateway.store.notice import destinations as store
from gateway.store.notice import low_balance
from gateway.store.notice import notices as notice_store
from gateway.store.notice.destinations import Destination, Failing, ListedNotice, NewDestination
from gateway.store.operation.audit import Change
from gateway.store.reseller import resellers
from gateway.usecases.work import Work

if TYPE_CHECKING:
    from gateway.vault import Vault

__all__ = ["Destination", "Failing", "ListedNotice"]

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recipient:
    """The reseller whose notices are meant."""

    id: UUID
    login: str


async def owner_by_login(work: Work, login: str) -> Recipient:
    """Finds a reseller by its login, for operators, and locks its row."""
    found = await resellers.lock_by_login(work.connection, login)
    if found is None:
        raise NoticeMistake("login", f"there is no reseller {login!r}")
    return Recipient(found.id, found.login)


async def add_webhook(
    work: Work,
    owner: Recipient,
    url: str,
    kinds: Sequence[str],
    *,
    settings: Settings,
    vault: "Vault",
) -> tuple[UUID, str]:
    """Adds a webhook; gives its id and its signing secret, which is shown only now."""
    check_url(url, sandbox=settings.sandbox)
    from gateway.notify.webhook import literal_objection, new_secret  # loads DNS and TLS

    if not settings.sandbox and (why := literal_objection(url, ())):
        raise NoticeMistake("address", f"the URL of a webhook must not hold {why}")
    secret = new_secret()
    sealed = vault.encrypt(secret.encode())
    return await _add(work, owner, "webhook", url, sealed, kinds), secret


async def add_mail(
    work: Work, owner: Recipient, address: str, kinds: Sequence[str], *, settings: Settings
) -> UUID:
    """Adds a mail address; gives its id."""
    check_mail_address(address)
    if settings.notices.smtp_host is None:
        raise NoticeMistake("address", "no mail is sent here: notices.smtp_host is not set")
    return await _add(work, owner, "mail", address, None, kinds)


async def _add(
    work: Work,
    owner: Recipient,
    channel: Channel,
    address: str,
    encrypted_secret: bytes | None,
    kinds: Sequence[str],
) -> UUID:
    chosen = check_kinds(kinds)
    await resellers.lock_by_login(work.connection, owner.login)
    if len(await store.list_all(work.connection, owner.id)) >= MOST_DESTINATIONS:
        raise NoticeMistake("number", f"{owner.login} has {MOST_DESTINATIONS} already")
    destination_id = ids.new_id()
    destination = NewDestination(
        destination_id, owner.id, channel, address, encrypted_secret, chosen
    )
    if not await store.add(work.connection, destination, work.now):
        raise NoticeMistake("address", f"{owner.login} has this {channel} already")
    after = {
        "reseller": owner.login,
        "channel": channel,
        "address": address,
        "kinds": list(chosen),
    }
    change = Change("destination.added", str(destination_id), None, after)
    await work.record(change)
    return destination_id


async def list_destinations(work: Work, owner: Recipient) -> list[Destination]:
    """Gives a reseller's destinations in the order they were added."""
    return await store.list_all(work.connection, owner.id)


async def list_failing(work: Work) -> list[Failing]:
    """Gives the failing destinations of all resellers, those that have failed longest first."""
    return await store.list_failing(work.connection)


async def list_notices(
    work: Work, owner: Recipient, *, limit: int | None, offset: int
) -> list[ListedNotice]:
    """Gives a reseller's notices, the newest first."""
    return await store.list_notices(work.connection, owner.id, limit=limit, offset=offset)


async def set_kinds(work: Work, owner: Recipient, which: str, kinds: Sequence[str]) -> None:
    """Sets which kinds of notices a destination gets, from those made from now on."""
    chosen = check_kinds(kinds)
    found = await _locked(work, owner, which)
    await store.set_kinds(work.connection, found.id, chosen)
    change = Change(
        "destination.changed", str(found.id), {"kinds": found.kinds}, {"kinds": list(chosen)}
    )
    await work.record(change)


async def rotate_secret(
    work: Work, owner: Recipient, which: str, *, vault: "Vault", drop_old: bool
) -> str:
    """Replaces a webhook's secret; gives the new one, which is shown only now.

    Unless `drop_old`, the last secret signs too until the next rotation.
    """
    found = await _locked(work, owner, which)
    sealed = await store.find_secret(work.connection, found.id)
    if sealed is None:
        raise NoticeMistake("destination", f"{which} is no webhook")
    from gateway.notify.webhook import new_secret

    secret = new_secret()
    former = vault.decrypt(sealed).decode().split()[0]
    secrets = secret if drop_old else f"{secret} {former}"
    await store.set_secret(work.connection, found.id, vault.encrypt(secrets.encode()))
    change = Change("destination.secret_rotated", str(found.id), None, {"oldDropped": drop_old})
    await work.record(change)
    return secret


async def remove(work: Work, owner: Recipient, which: str) -> None:
    """Removes a destination: nothing is sent there any more, not even what waits."""
    found = await _locked(work, owner, which)
    await store.remove(work.connection, found.id)
    before = {"reseller": owner.login, "channel": found.channel, "address": found.address}
    await work.record(Change("destination.removed", str(found.id), before))


async def resume(work: Work, owner: Recipient, which: str) -> None:
    """Resumes a destination that backs off or is parked: what waits is sent at once, in order."""
    found = await _locked(work, owner, which)
    await store.resume(work.connection, found.id)
    change = Change(
        "destination.resumed", str(found.id), {"status": found.status}, {"status": "active"}
    )
    await work.record(change)


async def suspend(work: Work, owner: Recipient, which: str) -> None:
    """Suspends a destination: what is for it waits until it is resumed."""
    found = await _locked(work, owner, which)
    if found.status == "parked":
        raise NoticeMistake("destination", "nothing is sent there already")
    await store.suspend(work.connection, found.id, "suspended by its owner")
    change = Change(
        "destination.suspended", str(found.id), {"status": found.status}, {"status": "parked"}
    )
    await work.record(change)


async def skip_oldest(work: Work, owner: Recipient, which: str) -> int:
    """Skips the oldest notice, which blocks the later ones; gives its number."""
    found = await _locked(work, owner, which)
    number = await store.skip_oldest(work.connection, found.id)
    if number is None:
        raise NoticeMistake("destination", "no notice waits there")
    await work.record(Change("notice.skipped", str(found.id), after={"number": number}))
    return number


async def replay(
    work: Work, owner: Recipient, which: str | None, since: datetime | None, until: datetime | None
) -> int:
    """Sends again what was due within these instants, to one destination or all; gives how many."""
    first, last = since or _EARLIEST, until or work.now
    wanted = [each.id for each in await store.list_all(work.connection, owner.id)]
    if which is not None:
        wanted = [(await _locked(work, owner, which)).id]
    queued = 0
    for destination_id in wanted:
        found = await store.lock(work.connection, owner.id, destination_id)
        if found is not None:
            queued += await store.replay(work.connection, found.id, first, last)
    after = {
        "since": instant(first),
        "until": instant(last),
        "destinations": [str(each) for each in wanted],
        "queued": queued,
    }
    await work.record(Change("notice.replayed", owner.login, after=after))
    return queued


async def send_test(work: Work, owner: Recipient, which: str) -> None:
    """Queues a notice of kind notice.test behind those that wait."""
    await notice_store.wait_for_cursor(work.connection)
    found = await _locked(work, owner, which)
    notice_id = ids.new_id()
    draft = notices.test(owner.id, owner.login, work.now, notice_id)
    await notice_store.add_test(work.connection, found.id, notice_id, draft)
    await work.record(Change("notice.tested", str(found.id)))


async def find_low_balance(work: Work, owner: Recipient) -> Decimal | None:
    """Gives a reseller's own low-balance threshold; None = the setting for all."""
    return await low_balance.find_threshold(work.connection, owner.id)


async def set_low_balance(work: Work, owner: Recipient, threshold: Decimal | None) -> None:
    """Sets a reseller's low-balance threshold, in its currency; None = the setting for all."""
    checked = None if threshold is None else money_amounts.storable(threshold)
    if threshold is not None and checked is None:
        raise NoticeMistake("amount", "an amount has at most two decimals and ten digits before")
    if checked is not None and checked < 0:
        raise NoticeMistake("amount", "the balance for a notice is not negative")
    former = await low_balance.set_threshold(work.connection, owner.id, checked)
    change = Change(
        "reseller.low_balance_set",
        owner.login,
        {"lowBalance": None if former is None else str(former)},
        {"lowBalance": None if checked is None else str(checked)},
    )
    await work.record(change)


async def _locked(work: Work, owner: Recipient, which: str) -> Destination:
    """Locks the destination with this id or address.

    One of another reseller is refused like one that does not exist.
    """
    for known in await store.list_all(work.connection, owner.id):
        if which in (str(known.id), known.address):
            found = await store.lock(work.connection, owner.id, known.id)
            if found is not None:
                return found
    raise NoticeMistake("destination", f"{owner.login} has no webhook or mail address {which!r}")
