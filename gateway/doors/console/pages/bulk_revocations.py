"""Many certificates revoked by one decision: which, a preview, a confirmation, and the progress."""

from aiohttp import web

from gateway.doors.console.access import allows, operators
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import reason
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.pages.issued import REASON, REASON_WORDS
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.operation.roles import Permission
from gateway.usecases.operation import bulk_revocation
from gateway.usecases.operation.bulk_revocation import CRITERIA, BulkRevocation, BulkWanted
from gateway.usecases.work import Work
from gateway.web.forms import choice, flag, integer, text

_LIST = f"{BASE}/bulk-revocations"
_LOOK = operators(Permission.LOOK)
_REVOKE = operators(Permission.REVOKE)
_LONGEST_TEXT = 50_000
"""Characters: with its line ends percent-encoded such a text fits into a form's body."""

PREPARE = PageForm(
    "prepare",
    (
        FormField(
            "criterion",
            "Which",
            choice(*CRITERIA),
            control="select",
            options=tuple(CRITERIA.items()),
            wrong="Choose one of these.",
        ),
        FormField(
            "value",
            "Name, key, account, kid, or serials",
            text(_LONGEST_TEXT),
            control="textarea",
            hint=(
                "A name as certificates list it: a wildcard is another name. A key by its SHA-256,"
                " or as PEM: public key, certificate or CSR. Serials one in a line, up to 1 300;"
                " gateway certificate revoke-many takes longer lists."
            ),
        ),
        REASON,
        reason("why", "Why", "The occasion, a ticket: the audit log has it."),
    ),
)
START = PageForm(
    "start",
    (
        FormField("shown", "Number", integer(0, 10**9), control="hidden"),
        FormField(
            "sure",
            "I know that a revocation cannot be undone.",
            flag,
            control="checkbox",
            wrong="Tick the box.",
        ),
    ),
)
CANCEL = PageForm("cancel")


async def show_all(page: PageRequest) -> web.Response:
    """All of them, the newest first."""
    paging = page.paging()
    async with page.open_reading() as work:
        number, found = await bulk_revocation.list_all(
            work, limit=paging.rows, offset=paging.offset
        )
    return page.render(
        "bulk_revocations.html",
        found=found,
        criteria=CRITERIA,
        paging=paging.of(number),
        may_revoke=allows(page.session, Permission.REVOKE),
    )


async def show_new(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The form of a new one; the query may say which certificates."""
    sent = {each: page.query.first(each) for each in ("criterion", "value")}
    known = sent if sent["criterion"] in CRITERIA else {}
    form = refused or page.form(PREPARE, f"{_LIST}/new", known)
    return page.render("bulk_revocation_new.html", form=form)


async def prepare(page: PageRequest) -> web.Response:
    """Stores what was entered, to be looked at; nothing is revoked."""

    async def carry_out(work: Work, values: Values) -> Done:
        wanted = BulkWanted(
            values["criterion"], values["value"], int(values["reason"]), values["why"]
        )
        return Done(f"{_LIST}/{await bulk_revocation.prepare(work, wanted)}")

    return await page.submit(PREPARE, carry_out, show_new)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """One of them: what it would revoke, or how far it is."""
    async with page.open_reading() as work:
        found = await bulk_revocation.show(work, page.id_in("bulk_revocation"))
        prepared = found.status == "prepared"
        preview = await bulk_revocation.preview(work, found) if prepared else None
        failed = await bulk_revocation.list_failed(work, found)
    own, forms = f"{_LIST}/{found.id}", dict[str, FilledForm]()
    if allows(page.session, Permission.REVOKE):
        if preview is not None and preview.number and not preview.too_many:
            shown = {"shown": str(preview.number)}
            forms["start"] = page.form(START, f"{own}/start", shown)
            if refused is not None and refused.form.name == "start":
                forms["start"] = refused.enter(shown)  # confirmed again at the new number only
        if found.status in ("prepared", "running"):
            forms["cancel"] = page.form(CANCEL, f"{own}/cancel")
    return page.render(
        "bulk_revocation.html",
        found=found,
        which=_which(found),
        reason=f"{found.reason}, {REASON_WORDS[found.reason]}",
        preview=preview,
        failed=failed,
        forms=forms,
        trouble=refused.trouble if refused is not None and "start" not in forms else "",
        own=own,
        most=bulk_revocation.MOST,
        audited=allows(page.session, Permission.AUDIT),
    )


async def start(page: PageRequest) -> web.Response:
    """Revokes them from now on, if it is as many as were shown."""

    async def carry_out(work: Work, values: Values) -> Done:
        asked = page.id_in("bulk_revocation")
        total = await bulk_revocation.start(work, asked, values["shown"])
        return Done(f"{_LIST}/{asked}", f"Certificates that are being revoked: {total}.")

    return await page.submit(START, carry_out, show)


async def cancel(page: PageRequest) -> web.Response:
    """Revokes no more of them."""

    async def carry_out(work: Work, _: Values) -> Done:
        before = await bulk_revocation.cancel(work, page.id_in("bulk_revocation"))
        return Done(f"{_LIST}/{before.id}", f"Cancelled. Revoked before that: {before.done}.")

    return await page.submit(CANCEL, carry_out, show)


def _which(found: BulkRevocation) -> str:
    """What the certificates have in common, in words."""
    value = f": {found.value}" if found.value else ""
    return f"{CRITERIA[found.criterion]}{value}"


_ONE = "/bulk-revocations/{bulk_revocation}"

GROUP = PageGroup(
    (
        PageRoute("GET", "/bulk-revocations", _LOOK, show_all),
        PageRoute("GET", "/bulk-revocations/new", _REVOKE, show_new),
        PageRoute("POST", "/bulk-revocations/new", _REVOKE, prepare),
        PageRoute("GET", _ONE, _LOOK, show),
        PageRoute("POST", f"{_ONE}/start", _REVOKE, start),
        PageRoute("POST", f"{_ONE}/cancel", _REVOKE, cancel),
    ),
    (NavigationEntry("Bulk revocation", "/bulk-revocations", _LOOK),),
)
