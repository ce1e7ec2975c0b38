"""Actions on notices. The vendor's API has none of these: they are this gateway's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

from gateway.doors.reseller import answers
from gateway.doors.reseller.envelope import timestamp
from gateway.doors.reseller.parameters import PAGING, ActionCall, action, calendar_date, page_bounds
from gateway.errors.notice import NoticeMistake
from gateway.errors.request import ArgumentInvalid, ArgumentMissing, PermissionDenied
from gateway.rules.notice.destinations import LONGEST_ADDRESS
from gateway.rules.notice.kinds import KINDS, message_id
from gateway.usecases.notice import destinations as usecase
from gateway.usecases.notice.destinations import Destination, ListedNotice, Recipient
from gateway.web.forms import Parameter, amount, choice, flag, text

_LAST_INSTANT = time(23, 59, 59, 999999, tzinfo=UTC)
_ID_LENGTH = 36
_LONGEST_MAIL_ADDRESS = 254

_DESTINATION = Parameter(
    "destinationID", text(_ID_LENGTH), required=True, description="As in the list."
)
_KINDS = Parameter(
    "kind",
    choice(*KINDS),
    repeatable=True,
    description="What is sent there; repeat it. Without it: all but certificate.issued.",
)

_ID = answers.identifier("destinationID", "The id of the destination, for other actions.")
_DONE = (answers.SUCCESS,)


@action(
    "ADDNOTICEDESTINATION",
    Parameter(
        "webhookUrl",
        text(LONGEST_ADDRESS),
        conditional=True,
        description="Where notices are posted to; https.",
    ),
    Parameter(
        "emailAddress",
        text(_LONGEST_MAIL_ADDRESS),
        conditional=True,
        description="Where they are mailed to; either this or webhookUrl.",
    ),
    _KINDS,
    answer=(
        answers.SUCCESS,
        _ID,
        answers.text("secret", "Of a webhook; shown this once.", optional=True),
    ),
    writes=True,
)
async def add_destination(call: ActionCall) -> dict[str, Any]:
    """A further webhook or mail address for your notices. A webhook's secret is shown only here."""
    url, address = call.arguments["webhookUrl"], call.arguments["emailAddress"]
    if url is None and address is None:
        raise ArgumentMissing("webhookUrl")
    if url is not None and address is not None:
        raise ArgumentInvalid("emailAddress")
    owner, kinds = _owner(call), call.arguments["kind"]
    start = (call.work, owner)
    with _argument_errors("emailAddress" if url is None else "webhookUrl"):
        if url is None:
            made = await usecase.add_mail(*start, address, kinds, settings=call.settings)
            return {"success": True, "destinationID": str(made)}
        made, secret = await usecase.add_webhook(
            *start, url, kinds, settings=call.settings, vault=call.services.vault
        )
        return {"success": True, "destinationID": str(made), "secret": secret}


@action(
    "LISTNOTICEDESTINATIONS",
    answer=(
        answers.listing(
            "Destinations",
            "Those that were not removed.",
            _ID,
            answers.text("webhookUrl", "Either this …", optional=True),
            answers.text("emailAddress", "… or this.", optional=True),
            answers.one_of("status", "parked: nothing is sent now.", "active", "parked"),
            answers.texts("kinds", "What is sent there."),
            answers.number("undelivered", "Notices that wait."),
            answers.text("lastError", "While it fails.", optional=True),
        ),
    ),
)
async def list_destinations(call: ActionCall) -> dict[str, Any]:
    """Your webhooks and mail addresses, with what is sent there and whether it arrives."""
    found = await usecase.list_destinations(call.work, _owner(call))
    return {"Destinations": [_destination(each) for each in found]}


@action(
    "SETNOTICEDESTINATION",
    _DESTINATION,
    _KINDS,
    Parameter(
        "resume", flag, default=False, description="Y: try now what waits; ends that it is parked."
    ),
    answer=_DONE,
    writes=True,
)
async def set_destination(call: ActionCall) -> dict[str, Any]:
    """Chooses what is sent there from now on, or resumes it, or both."""
    kinds, resume = call.arguments["kind"], call.arguments["resume"]
    if not kinds and not resume:
        raise ArgumentMissing("kind")
    start = (call.work, _owner(call))
    with _argument_errors():
        if kinds:
            await usecase.set_kinds(*start, call.arguments["destinationID"], kinds)
        if resume:
            await usecase.resume(*start, call.arguments["destinationID"])
    return {"success": True}


@action(
    "ROTATENOTICESECRET",
    _DESTINATION,
    Parameter("dropOld", flag, default=False, description="Y: the last one signs no more."),
    answer=(*_DONE, answers.text("secret", "The new one; shown this once.")),
    writes=True,
)
async def rotate_secret(call: ActionCall) -> dict[str, Any]:
    """Another secret for a webhook; the last one signs too, until the next time."""
    with _argument_errors():
        secret = await usecase.rotate_secret(
            call.work,
            _owner(call),
            call.arguments["destinationID"],
            vault=call.services.vault,
            drop_old=call.arguments["dropOld"],
        )
    return {"success": True, "secret": secret}


@action("REMOVENOTICEDESTINATION", _DESTINATION, answer=_DONE, writes=True)
async def remove_destination(call: ActionCall) -> dict[str, Any]:
    """Nothing more is sent there, what waits included."""
    with _argument_errors():
        await usecase.remove(call.work, _owner(call), call.arguments["destinationID"])
    return {"success": True}


@action("TESTNOTICEDESTINATION", _DESTINATION, answer=_DONE, writes=True)
async def send_test(call: ActionCall) -> dict[str, Any]:
    """Sends a notice of type notice.test there, behind what waits."""
    with _argument_errors():
        await usecase.send_test(call.work, _owner(call), call.arguments["destinationID"])
    return {"success": True}


@action(
    "REPLAYNOTICES",
    _DESTINATION,
    Parameter("fromDate", calendar_date, conditional=True, description="First day, UTC."),
    Parameter("toDate", calendar_date, conditional=True, description="Last day, UTC."),
    answer=(*_DONE, answers.UPDATED),
    writes=True,
)
async def replay(call: ActionCall) -> dict[str, Any]:
    """Sends notices of these days there again, in order and under the ids they had."""
    with _argument_errors():
        queued = await usecase.replay(
            call.work,
            _owner(call),
            call.arguments["destinationID"],
            _instant(call.arguments["fromDate"], time(0, tzinfo=UTC)),
            _instant(call.arguments["toDate"], _LAST_INSTANT),
        )
    return {"success": True, "nRecordsUpdated": queued}


@action(
    "LISTNOTICES",
    *PAGING,
    answer=(
        answers.listing(
            "Notices",
            "The newest first.",
            answers.text("type", "The kind of the notice."),
            answers.instant("timestamp", "When it happened."),
            answers.text("webhookId", "The same at every retry and replay."),
            answers.Member("data", {"type": "object"}, "By type; see Notices."),
            answers.number("destinations", "How many wanted it."),
            answers.number("delivered", "How many have it."),
        ),
    ),
)
async def list_notices(call: ActionCall) -> dict[str, Any]:
    """Your notices, the newest first, also those that no destination wanted."""
    limit, offset = page_bounds(call.arguments)
    found = await usecase.list_notices(call.work, _owner(call), limit=limit, offset=offset)
    return {"Notices": [_notice(notice) for notice in found]}


@action(
    "SETLOWBALANCE",
    Parameter(
        "lowBalance",
        amount,
        conditional=True,
        description="In your currency; empty = as for everybody.",
    ),
    answer=_DONE,
    writes=True,
)
async def set_low_balance(call: ActionCall) -> dict[str, Any]:
    """Sets the balance below which a purchase makes a notice."""
    with _argument_errors():
        await usecase.set_low_balance(call.work, _owner(call), call.arguments["lowBalance"])
    return {"success": True}


_ARGUMENTS = {"kind": "kind", "amount": "lowBalance", "destination": "destinationID"}


@contextmanager
def _argument_errors(address: str = "destinationID") -> Iterator[None]:
    """Turns NoticeMistake into E3 for its argument, or into E10 for too many destinations."""
    try:
        yield
    except NoticeMistake as mistake:
        if mistake.part == "number":
            raise PermissionDenied from None
        raise ArgumentInvalid(_ARGUMENTS.get(mistake.part, address)) from None


def _owner(call: ActionCall) -> Recipient:
    return Recipient(call.reseller.id, call.reseller.login)


def _destination(destination: Destination) -> dict[str, Any]:
    """The JSON of a destination; lastError is present only while it fails."""
    address = "webhookUrl" if destination.channel == "webhook" else "emailAddress"
    error = {} if destination.last_error is None else {"lastError": destination.last_error}
    return {
        "destinationID": str(destination.id),
        address: destination.address,
        "status": destination.status,
        "kinds": destination.kinds,
        "undelivered": destination.undelivered,
        **error,
    }


def _notice(notice: ListedNotice) -> dict[str, Any]:
    return {
        "type": notice.kind,
        "timestamp": timestamp(notice.due_at),
        "webhookId": message_id(notice.id),
        "data": notice.data,
        "destinations": notice.wanted,
        "delivered": notice.delivered,
    }


def _instant(day: date | None, at: time) -> datetime | None:
    return None if day is None else datetime.combine(day, at)
