"""One box over everything: names, serials, kids, accounts, orders, logins; and where they lead."""

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.operation.credentials import MOST_SHOWN, set_suspended, show_credential
from gateway.usecases.operation.finding import MOST_OF_A_KIND, Hit, find_anything
from gateway.usecases.work import Work
from gateway.web.forms import text

_LOOK = operators(Permission.LOOK)
_REVOKE = operators(Permission.REVOKE)

SEARCH = PageForm(
    "find",
    (
        FormField(
            "q",
            "Name, serial, kid, account, order or login",
            text(300),
            required=False,
            hint="A name may be the beginning of one; everything else is looked for as it stands.",
        ),
    ),
)
SUSPEND = PageForm("suspend")
REINSTATE = PageForm("reinstate")


async def show(page: PageRequest) -> web.Response:
    """The box, and what was found."""
    form, values = page.search(SEARCH)
    sought = None if values is None else values["q"]
    hits: list[Hit] = []
    if sought:
        async with page.open_reading() as work:
            hits = await find_anything(work, sought)
    return page.render(
        "search.html",
        status=422 if values is None else 200,
        form=form,
        sought=sought,
        hits=[(each, link_of(each)) for each in hits],
        most=MOST_OF_A_KIND,
    )


def link_of(hit: Hit) -> str:
    """The page on which an operator sees what was found."""
    match hit.kind:
        case "certificate":
            return f"{BASE}/issued/{hit.key}"
        case "pre-validation":
            return f"{BASE}/queues/prevalidations/{hit.key}"
        case "SSL order" if hit.belongs_to:
            return f"{BASE}/issued/{hit.belongs_to}"
        case "name" | "credential" | "account" | "ACME order":
            return f"{BASE}/credentials/{hit.belongs_to or hit.key}"
    return f"{BASE}/resellers/{hit.reseller_id}"


async def show_kid(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """A credential: its subscription, names and accounts."""
    kid = page.part("found_kid")
    async with page.open_reading() as work:
        found = await show_credential(work, kid)
    where = f"{BASE}/credentials/{kid}"
    may_change = allows(page.session, Permission.REVOKE)

    def button(suspended: bool, path: str, key: str) -> FilledForm | None:
        if not may_change:
            return None
        form, verb = (REINSTATE, "reinstate") if suspended else (SUSPEND, "suspend")
        return page.form(form, f"{path}/{verb}", key=key)

    credential = found.credential
    return page.render(
        "credential.html",
        found=found,
        credential=credential,
        trouble="" if refused is None else refused.trouble,
        button=None
        if credential.status == "deactivated"
        else button(credential.suspended, where, "credential"),
        buttons={
            each.id: button(each.suspended, f"{where}/accounts/{each.id}", each.id)
            for each in found.accounts
            if each.status != "deactivated"
        },
        most=MOST_SHOWN,
        audited=allows(page.session, Permission.AUDIT),
    )


async def suspend(page: PageRequest) -> web.Response:
    """Suspends a credential, or one of its accounts."""
    return await _change(page, SUSPEND, suspended=True)


async def reinstate(page: PageRequest) -> web.Response:
    """Ends such a suspension."""
    return await _change(page, REINSTATE, suspended=False)


async def _change(page: PageRequest, form: PageForm, *, suspended: bool) -> web.Response:
    kid = page.part("found_kid")
    named = "found_account" in page.request.match_info
    account_id = page.part("found_account") if named else None

    async def carry_out(work: Work, _: Values) -> Done:
        changed = await set_suspended(work, kid, account_id, suspended=suspended)
        what = "suspended" if suspended else "reinstated"
        return Done(f"{BASE}/credentials/{kid}", f"Accounts that were {what}: {changed}.")

    return await page.submit(form, carry_out, show_kid)


_KID = "/credentials/{found_kid}"
_ACCOUNT = f"{_KID}/accounts/{{found_account}}"

GROUP = PageGroup(
    (
        PageRoute("GET", "/find", _LOOK, show),
        PageRoute("GET", _KID, _LOOK, show_kid),
        PageRoute("POST", f"{_KID}/suspend", _REVOKE, suspend),
        PageRoute("POST", f"{_KID}/reinstate", _REVOKE, reinstate),
        PageRoute("POST", f"{_ACCOUNT}/suspend", _REVOKE, suspend),
        PageRoute("POST", f"{_ACCOUNT}/reinstate", _REVOKE, reinstate),
    ),
    (NavigationEntry("Search", "/find", _LOOK),),
)
