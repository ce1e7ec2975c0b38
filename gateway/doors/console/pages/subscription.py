"""One subscription: its names, EAB credential and accounts, and the command lines of clients."""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.client_commands import CommandValues, commands_for
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Again, Done, PageRequest
from gateway.doors.console.pages.subscriptions import LIST, STATE_WORDS
from gateway.doors.console.routes import PageGroup, PageRoute
from gateway.usecases.acme import accounts
from gateway.usecases.acme.accounts import Scope
from gateway.usecases.subscription import overview
from gateway.usecases.work import Work
from gateway.web.forms import flag

SECRET = PageForm("secret")
FILL_IN = PageForm("fill-in")
SUSPEND = PageForm("suspend")
REINSTATE = PageForm("reinstate")
DEACTIVATE = PageForm(
    "deactivate",
    (
        FormField(
            "acknowledged",
            "It cannot be undone.",
            flag,
            control="checkbox",
        ),
    ),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The subscription's page."""
    return await _show(page, refused=refused)


async def _show(
    page: PageRequest, secret: str = "", refused: FilledForm | None = None
) -> web.Response:
    reseller_id, kid, paging = page.session.owner_id, page.part("kid"), page.paging()
    async with page.open_reading() as work:
        found = await overview.find(work, reseller_id, kid)
        names = await overview.names_of(work, found, limit=paging.rows, offset=paging.offset)
        rows = await accounts.accounts_of(work, reseller_id, kid)
    own = f"{LIST}/{kid}"
    forms = {
        each.name: page.form(each, f"{own}/{each.name}")
        for each in (SECRET, SUSPEND, REINSTATE, DEACTIVATE)
    }
    if refused is not None:
        forms[refused.form.name] = refused
    return page.render(
        "subscription.html",
        shown=found,
        details=found.details,
        state=STATE_WORDS[found.state],
        names=names,
        paging=paging.of(found.details.number_of_names),
        accounts=rows,
        directory=page.services.settings.public_url + found.details.server_path,
        secret=secret,
        forms=forms,
        own=own,
        list_path=LIST,
    )


async def show_secret(page: PageRequest) -> web.Response:
    """Shows the MAC key; each time somebody gets it stands in the audit trail."""
    return await _reveal(page, SECRET, show, _show)


async def show_commands(page: PageRequest, _: FilledForm | None = None) -> web.Response:
    """What to run or configure in each client, with the values of this credential."""
    return await _show_commands(page)


async def show_filled_commands(page: PageRequest) -> web.Response:
    """The same with the MAC key in it, which stands in the audit trail as well."""
    return await _reveal(page, FILL_IN, show_commands, _show_commands)


async def _show_commands(page: PageRequest, secret: str = "") -> web.Response:
    async with page.open_reading() as work:
        found = await overview.find(work, page.session.owner_id, page.part("kid"))
        names = await overview.names_of(work, found, limit=100, offset=0)
    details = found.details
    values = CommandValues(
        directory=page.services.settings.public_url + details.server_path,
        kid=details.kid,
        mac_key=secret or None,
        names=[each.line.name for each in names],
    )
    return page.render(
        "client_commands.html",
        details=details,
        clients=commands_for(values),
        secret=secret,
        form=page.form(FILL_IN, f"{LIST}/{details.kid}/clients"),
        own=f"{LIST}/{details.kid}",
        list_path=LIST,
    )


async def suspend(page: PageRequest) -> web.Response:
    """Suspends the credential with all its accounts."""
    return await _change(page, SUSPEND, accounts.suspend, "Suspended: no certificates are issued.")


async def reinstate(page: PageRequest) -> web.Response:
    """Reinstates the credential with all its accounts."""
    return await _change(page, REINSTATE, accounts.unsuspend, "Reinstated.")


async def deactivate(page: PageRequest) -> web.Response:
    """Ends the credential and its accounts for good."""
    return await _change(page, DEACTIVATE, accounts.deactivate, "Deactivated for good.")


async def _change(
    page: PageRequest,
    form: PageForm,
    change: Callable[..., Awaitable[int]],
    shown: str,
) -> web.Response:
    async def carry_out(work: Work, _: Values) -> Done:
        kid = page.part("kid")
        await overview.find(work, page.session.owner_id, kid)
        await change(work, page.session.owner_id, kid, Scope.CREDENTIAL)
        return Done(f"{LIST}/{kid}", shown)

    return await page.submit(form, carry_out, show)


async def _reveal(
    page: PageRequest,
    form: PageForm,
    again: Again,
    answer: Callable[[PageRequest, str], Awaitable[web.Response]],
) -> web.Response:
    """Answers a form's POST with a page that has the MAC key: it is never stored or sent on."""
    revealed: list[bytes] = []

    async def reveal(work: Work) -> None:
        who, kid = page.session.owner_id, page.part("kid")
        vault = page.services.vault
        revealed.append(await accounts.reveal_mac_key(work, vault, reseller_id=who, kid=kid))

    async def carry_out(work: Work, _: Values) -> Done:
        await reveal(work)
        return Done(f"{LIST}/{page.part('kid')}")

    response = await page.submit(form, carry_out, again)
    if response.status != 303:
        return response
    if not revealed:  # the form was sent twice, and each time the key is shown counts
        async with page.exchange.open_work() as work:
            await reveal(work)
    return await answer(page, _base64url(revealed[0]))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


GROUP = PageGroup(
    (
        PageRoute("GET", "/subscriptions/{kid}", RESELLER, show),
        PageRoute("GET", "/subscriptions/{kid}/clients", RESELLER, show_commands),
        PageRoute("POST", "/subscriptions/{kid}/clients", RESELLER, show_filled_commands),
        PageRoute("POST", "/subscriptions/{kid}/secret", RESELLER, show_secret),
        PageRoute("POST", "/subscriptions/{kid}/suspend", RESELLER, suspend),
        PageRoute("POST", "/subscriptions/{kid}/reinstate", RESELLER, reinstate),
        PageRoute("POST", "/subscriptions/{kid}/deactivate", RESELLER, deactivate),
    ),
)
