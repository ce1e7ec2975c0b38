"""Actions on servers, EAB credentials and ACME accounts (docs/wire.md §2.1–§2.4, §2.12)."""

from base64 import urlsafe_b64encode
from typing import Any

from gateway.doors.reseller import answers
from gateway.doors.reseller.envelope import timestamp
from gateway.doors.reseller.parameters import (
    PAGING,
    TERM,
    ActionCall,
    account_id,
    action,
    page_bounds,
    term_days,
)
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.store.acme.accounts_admin import AccountRow
from gateway.usecases.acme import accounts
from gateway.usecases.acme.accounts import AccountSearch, Scope
from gateway.usecases.reseller import resellers
from gateway.web.forms import Parameter, choice, flag, text

_ACCOUNT = Parameter(
    "acmeAccountID",
    account_id,
    conditional=True,
    description="The account. Leave it out with includeAdditionalAccounts=*.",
)
_SCOPE = Parameter(
    "includeAdditionalAccounts",
    choice("Y", "N", "*"),
    default="Y",
    description="Y: all accounts of the EAB and the EAB itself; N: only the account; "
    "*: every account and EAB of the reseller.",
)

_KEYS = (
    answers.text("eabMACKeyb64url", "EAB HMAC key, base64url."),
    answers.text("eabMACIDb64url", "EAB key id."),
)
_CREDENTIAL = (
    answers.text("acmeAccountID", "The id of the account, for other actions."),
    answers.one_of(
        "accountStatus",
        "pending until a client has registered.",
        "pending",
        "valid",
        "suspended",
        "deactivated",
    ),
    *_KEYS,
)
_RECORDS = (answers.SUCCESS, answers.UPDATED)


@action(
    "LISTSERVERS",
    answer=(
        answers.listing(
            "Servers",
            "DV before OV.",
            answers.text("serverUrl", "Its ACME directory; what PREREGISTER takes."),
            answers.number("productID", "The number of the product that is sold."),
            answers.text("productDescription", "Its name, for people."),
            answers.one_of("certValidationType", "What its certificates validate.", "DV", "OV"),
        ),
    ),
)
async def list_servers(call: ActionCall) -> dict[str, Any]:
    """ACME servers that can be sold, DV before OV."""
    return {
        "Servers": [
            {
                "serverUrl": call.settings.public_url + server.path,
                "productID": server.product_id,
                "productDescription": server.description,
                "certValidationType": server.validation,
            }
            for server in await resellers.list_servers(call.work)
        ]
    }


@action(
    "PREREGISTER",
    # The vendor documents 32 characters, which its own URLs exceed.
    Parameter("serverUrl", text(2048), required=True, description="A serverUrl of LISTSERVERS."),
    *TERM,
    answer=(answers.listing("Accounts", "One.", *_CREDENTIAL),),
    writes=True,
)
async def preregister(call: ActionCall) -> dict[str, Any]:
    """Makes an EAB credential and its first ACME account, in state pending. Costs nothing."""
    url: str = call.arguments["serverUrl"]
    base = call.settings.public_url
    if not url.startswith(base):
        raise ArgumentInvalid("serverUrl")
    made = await accounts.preregister(
        call.work,
        call.services.vault,
        reseller_id=call.reseller.id,
        server_path=url.removeprefix(base),
        term_days=term_days(call.arguments),
    )
    return {
        "Accounts": [
            {
                "acmeAccountID": made.kid,
                "accountStatus": "pending",
                "eabMACKeyb64url": _base64url(made.mac_key),
                "eabMACIDb64url": made.kid,
            }
        ]
    }


@action(
    "LISTACCOUNTS",
    Parameter(
        "acmeAccountID",
        account_id,
        conditional=True,
        description="Only this account. Needed with includeAdditionalAccounts, unless eabKeyID "
        "is there.",
    ),
    Parameter(
        "includeAdditionalAccounts",
        flag,
        description="Y: all accounts that share the EAB of acmeAccountID.",
    ),
    Parameter(
        "lastActivityOf",
        choice("eab", "account"),
        default="eab",
        description="Whose last activity is shown.",
    ),
    Parameter(
        "eabKeyID",
        account_id,
        conditional=True,
        description="All accounts of this EAB; ignored when acmeAccountID is there.",
    ),
    *PAGING,
    Parameter("includeContacts", flag, default=False, description="Y: show contacts."),
    answer=(
        answers.listing(
            "Accounts",
            "Oldest first.",
            *_CREDENTIAL,
            answers.text("userAgent", "Of the client, at its last request.", optional=True),
            answers.text("ipAddress", "Where that came from.", optional=True),
            answers.instant(
                "lastActivity",
                "Last request of the EAB or, with lastActivityOf=account, of the account.",
                optional=True,
            ),
            answers.texts("contacts", "With includeContacts=Y, if used.", optional=True),
        ),
    ),
)
async def list_accounts(call: ActionCall) -> dict[str, Any]:
    """ACME accounts, oldest first; all of the reseller without a filter."""
    sent = call.arguments
    if sent["includeAdditionalAccounts"] is not None and not (
        sent["acmeAccountID"] or sent["eabKeyID"]
    ):
        raise ArgumentMissing("acmeAccountID")
    limit, offset = page_bounds(sent)
    search = AccountSearch(
        account_id=sent["acmeAccountID"],
        with_siblings=sent["includeAdditionalAccounts"] is True,
        kid=sent["eabKeyID"],
    )
    rows = await accounts.list_accounts(
        call.work, call.reseller.id, search, limit=limit, offset=offset
    )
    return {"Accounts": [_account(call, row) for row in rows]}


@action(
    "LISTBINDINGS",
    answer=(
        answers.listing(
            "Bindings",
            "Oldest first.",
            answers.flag("reusable", "It can register further ACME accounts."),
            answers.instant("lastActivity", "Once it was used.", optional=True),
            *_KEYS,
        ),
    ),
)
async def list_bindings(call: ActionCall) -> dict[str, Any]:
    """EAB credentials, oldest first; `reusable` ones can register further ACME accounts."""
    bindings = []
    for row in await accounts.list_bindings(call.work, call.reseller.id):
        binding: dict[str, Any] = {"reusable": row.reusable}
        if row.last_activity is not None:
            binding["lastActivity"] = timestamp(row.last_activity)
        binding["eabMACKeyb64url"] = _mac_key(call, row.encrypted_mac_key)
        binding["eabMACIDb64url"] = row.kid
        bindings.append(binding)
    return {"Bindings": bindings}


@action("SUSPENDACCOUNT", _ACCOUNT, _SCOPE, answer=_RECORDS, writes=True)
async def suspend_account(call: ActionCall) -> dict[str, Any]:
    """Stops certificates, and with Y or * new registrations, until UNSUSPENDACCOUNT."""
    return _records(await accounts.suspend(call.work, call.reseller.id, *_target(call)))


@action("UNSUSPENDACCOUNT", _ACCOUNT, _SCOPE, answer=_RECORDS, writes=True)
async def unsuspend_account(call: ActionCall) -> dict[str, Any]:
    """Returns suspended accounts to the state they had."""
    return _records(await accounts.unsuspend(call.work, call.reseller.id, *_target(call)))


@action("DEACTIVATEACCOUNT", _ACCOUNT, _SCOPE, answer=_RECORDS, writes=True)
async def deactivate_account(call: ActionCall) -> dict[str, Any]:
    """Ends accounts, and with Y or * their EABs, for good."""
    return _records(await accounts.deactivate(call.work, call.reseller.id, *_target(call)))


def _target(call: ActionCall) -> tuple[str | None, Scope]:
    """The named account and the scope. An account beside `*` is a contradiction: E3."""
    scope = Scope(call.arguments["includeAdditionalAccounts"])
    named: str | None = call.arguments["acmeAccountID"]
    if scope is Scope.RESELLER and named is not None:
        raise ArgumentInvalid("acmeAccountID")
    if scope is not Scope.RESELLER and named is None:
        raise ArgumentMissing("acmeAccountID")
    return named, scope


def _records(count: int) -> dict[str, Any]:
    return {"success": True, "nRecordsUpdated": count}


def _account(call: ActionCall, row: AccountRow) -> dict[str, Any]:
    """Members that say nothing yet are absent, not null."""
    suspended = row.suspended and row.status != "deactivated"
    shown: dict[str, Any] = {
        "acmeAccountID": row.id,
        "accountStatus": "suspended" if suspended else row.status,
        "eabMACKeyb64url": _mac_key(call, row.encrypted_mac_key),
        "eabMACIDb64url": row.kid,
    }
    if row.status == "pending":
        return shown
    of_eab = call.arguments["lastActivityOf"] == "eab"
    last_activity = row.eab_last_activity if of_eab else row.account_last_activity
    if row.user_agent is not None:
        shown["userAgent"] = row.user_agent
    if row.ip_address is not None:
        shown["ipAddress"] = str(row.ip_address)
    if last_activity is not None:
        shown["lastActivity"] = timestamp(last_activity)
    if call.arguments["includeContacts"]:
        shown["contacts"] = row.contacts
    return shown


def _mac_key(call: ActionCall, encrypted: bytes) -> str:
    return _base64url(call.services.vault.decrypt(encrypted))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
