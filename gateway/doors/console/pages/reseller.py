"""The page of a reseller, for operators: balance, settings, deposits, and its ledger."""

from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import RENEWAL_MODE, older_than, reason
from gateway.doors.console.lists import ROWS
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.operation import factor_reset, second_factor
from gateway.usecases.reseller import overview, resellers
from gateway.usecases.reseller.overview import ResellerOverview
from gateway.usecases.reseller.resellers import ResellerChanges
from gateway.usecases.work import Work
from gateway.web.forms import amount, text

_RESELLERS = f"{BASE}/resellers"
_LOOK = operators(Permission.LOOK)
_CHANGE = operators(Permission.RESELLERS)
_DEPOSIT = operators(Permission.MONEY)
_ROWS_AT_ONCE = 1000
_WRONG_AMOUNT = "Enter an amount like 365.00."

SETTINGS = PageForm(
    "reseller-settings",
    (
        RENEWAL_MODE,
        FormField("credit_limit", "Credit limit", amount, wrong=_WRONG_AMOUNT),
        FormField(
            "tier1",
            "Tier-1 account",
            text(64),
            required=False,
            default="",
            hint="Login of the reseller that is debited too. Empty: none.",
        ),
        FormField(
            "networks",
            "Allowed networks",
            text(2000),
            required=False,
            default="",
            hint="Like 192.0.2.0/24, with spaces between several. Empty: any.",
        ),
    ),
)
DEPOSIT = PageForm(
    "deposit",
    (
        FormField("amount", "Amount", amount, wrong=_WRONG_AMOUNT),
        reason("note", "Note", "The reseller reads it in the statement.", required=False),
    ),
)
SUSPEND = PageForm("suspend-reseller")
REINSTATE = PageForm("reinstate-reseller")
RESET_FACTOR = PageForm("reset-factor")


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A reseller: balance, settings, and the newest entries of its ledger."""
    before = older_than(page)
    async with page.open_reading() as work:
        found = await _asked_for(page, work)
        lines = await overview.list_ledger(work, found.id, older_than=before, limit=ROWS + 1)
        has_factor = await second_factor.is_held(work, found.id)
    forms, where = _forms_of(page, found), f"{_RESELLERS}/{found.id}"
    place = {DEPOSIT.name: "deposit", SETTINGS.name: "settings"}
    if refused is not None and refused.form.name in place:
        forms[place[refused.form.name]] = refused
    return page.render(
        "reseller.html",
        found=found,
        lines=lines[:ROWS],
        older=f"{where}?older={lines[ROWS - 1].id}" if len(lines) > ROWS else "",
        first=where if before is not None else "",
        settings_form=forms["settings"],
        deposit_form=forms["deposit"],
        status_form=forms["status"],
        has_factor=has_factor,
        reset_form=forms["reset"] if has_factor else None,
        trouble=refused.trouble if refused is not None and refused.form.name not in place else "",
        audited=allows(page.session, Permission.AUDIT),
    )


async def export_ledger(page: PageRequest) -> web.StreamResponse:
    """All entries of a reseller's ledger as CSV, the newest first."""
    async with page.open_reading() as work:
        found = await _asked_for(page, work)
    header = ("id", "bookedAt", "kind", "amount", "balanceAfter", "orderNumber", "note")
    return await page.csv(f"ledger-{found.id}.csv", header, _ledger_rows(page, found.id))


async def _ledger_rows(page: PageRequest, reseller_id: UUID) -> AsyncIterator[list[object]]:
    """Rows of the file; no connection is held while the reader takes its time."""
    before = None
    while True:
        async with page.open_reading() as work:
            lines = await overview.list_ledger(
                work, reseller_id, older_than=before, limit=_ROWS_AT_ONCE
            )
        for each in lines:
            moved = [each.id, each.booked_at.isoformat(), each.kind, each.amount]
            yield [*moved, each.balance_after, each.order_number, each.note]
        if len(lines) < _ROWS_AT_ONCE:
            return
        before = lines[-1].id


async def change(page: PageRequest) -> web.Response:
    """Changes the settings of a reseller."""

    async def carry_out(work: Work, values: Values) -> Done:
        wanted = ResellerChanges(
            renewal_mode=values["renewal_mode"],
            credit_limit=values["credit_limit"],
            tier1=values["tier1"],
            allowed_networks=values["networks"].replace(",", " ").split(),
        )
        return await _changed(page, work, wanted, "Settings changed.")

    return await page.submit(SETTINGS, carry_out, show)


async def deposit(page: PageRequest) -> web.Response:
    """Books a deposit."""

    async def carry_out(work: Work, values: Values) -> Done:
        found = await _asked_for(page, work)
        paid, note = values["amount"], values["note"]
        balance = await resellers.deposit(work, found.login, paid, note)
        shown = f"{paid} {found.currency} booked; the balance is {balance} {found.currency}."
        return Done(f"{_RESELLERS}/{found.id}", shown)

    return await page.submit(DEPOSIT, carry_out, show)


async def suspend(page: PageRequest) -> web.Response:
    """Suspends a reseller: it may look, and change nothing."""

    async def carry_out(work: Work, _: Values) -> Done:
        wanted = ResellerChanges(status="suspended")
        return await _changed(page, work, wanted, "The reseller is suspended.")

    return await page.submit(SUSPEND, carry_out, show)


async def reinstate(page: PageRequest) -> web.Response:
    """Ends the suspension of a reseller."""

    async def carry_out(work: Work, _: Values) -> Done:
        wanted = ResellerChanges(status="active")
        return await _changed(page, work, wanted, "The reseller is active again.")

    return await page.submit(REINSTATE, carry_out, show)


async def reset_factor(page: PageRequest) -> web.Response:
    """Removes the second factor that a reseller has lost, and signs it out everywhere."""

    async def carry_out(work: Work, _: Values) -> Done:
        found = await _asked_for(page, work)
        await factor_reset.reset_of_reseller(work, found.login)
        shown = "The reseller has no second factor now, and is signed out everywhere."
        return Done(f"{_RESELLERS}/{found.id}", shown)

    return await page.submit(RESET_FACTOR, carry_out, show)


async def _changed(page: PageRequest, work: Work, wanted: ResellerChanges, shown: str) -> Done:
    found = await _asked_for(page, work)
    await resellers.set_reseller(work, found.login, wanted)
    return Done(f"{_RESELLERS}/{found.id}", shown)


def _forms_of(page: PageRequest, found: ResellerOverview) -> dict[str, FilledForm | None]:
    """The forms of the page; None for those that the person may not use."""
    where = f"{_RESELLERS}/{found.id}"
    forms: dict[str, FilledForm | None] = dict.fromkeys(("deposit", "settings", "status", "reset"))
    if allows(page.session, Permission.MONEY):
        forms["deposit"] = page.form(DEPOSIT, f"{where}/deposit")
    if allows(page.session, Permission.RESELLERS):
        now = {
            "renewal_mode": found.renewal_mode,
            "credit_limit": found.credit_limit,
            "tier1": found.tier1,
            "networks": " ".join(map(str, found.allowed_networks)),
        }
        forms["settings"] = page.form(SETTINGS, f"{where}/settings", now)
        active = found.status == "active"
        form, verb = (SUSPEND, "suspend") if active else (REINSTATE, "reinstate")
        forms["status"] = page.form(form, f"{where}/{verb}")
        forms["reset"] = page.form(RESET_FACTOR, f"{where}/reset-factor")
    return forms


async def _asked_for(page: PageRequest, work: Work) -> ResellerOverview:
    return await overview.show_reseller(work, page.id_in("found_reseller"))


_ONE = "/resellers/{found_reseller}"

GROUP = PageGroup(
    (
        PageRoute("GET", _ONE, _LOOK, show),
        PageRoute("GET", f"{_ONE}/ledger.csv", _LOOK, export_ledger),
        PageRoute("POST", f"{_ONE}/settings", _CHANGE, change),
        PageRoute("POST", f"{_ONE}/deposit", _DEPOSIT, deposit),
        PageRoute("POST", f"{_ONE}/suspend", _CHANGE, suspend),
        PageRoute("POST", f"{_ONE}/reinstate", _CHANGE, reinstate),
        PageRoute("POST", f"{_ONE}/reset-factor", _CHANGE, reset_factor),
    )
)
