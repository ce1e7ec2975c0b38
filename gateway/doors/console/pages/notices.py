"""Notices: what happened, and the webhooks and mail addresses where it is sent."""

from aiohttp import web

from gateway.doors.console.access import RESELLER
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.rules.notice.destinations import LONGEST_ADDRESS, MOST_DESTINATIONS
from gateway.rules.notice.kinds import BY_DEFAULT, KINDS, headline
from gateway.usecases.notice import destinations, shown
from gateway.usecases.notice.destinations import Recipient
from gateway.usecases.work import Work
from gateway.web.forms import choice, text

_NOTICES = f"{BASE}/notices"
_WEBHOOKS = f"{_NOTICES}/webhooks"
_MAILS = f"{_NOTICES}/mail"
_LONGEST_MAIL_ADDRESS = 254

WANTED_KINDS = FormField(
    "kind",
    "What is sent there",
    choice(*KINDS),
    control="checkboxes",
    options=[(each, each) for each in KINDS],
    wrong="Choose from these kinds.",
)
WEBHOOK = PageForm(
    "webhook",
    (
        FormField(
            "address",
            "URL",
            text(LONGEST_ADDRESS),
            hint="It begins with https://. Each request is signed with the webhook's secret.",
        ),
        WANTED_KINDS,
    ),
)
MAIL = PageForm(
    "mail",
    (
        FormField("address", "E-mail address", text(_LONGEST_MAIL_ADDRESS), control="email"),
        WANTED_KINDS,
    ),
)


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """The destinations, the forms that add some, and all notices, the newest first."""
    paging = page.paging()
    async with page.open_reading() as work:
        listed = await destinations.list_destinations(work, owner(page))
        found, notices = await shown.list_notices(
            work, page.session.owner_id, limit=paging.rows, offset=paging.offset
        )
    usual = {"kind": BY_DEFAULT}
    forms = {
        WEBHOOK.name: page.form(WEBHOOK, _WEBHOOKS, usual),
        MAIL.name: page.form(MAIL, _MAILS, usual),
    }
    if refused is not None:
        forms[refused.form.name] = refused
    return page.render(
        "notices.html",
        destinations=listed,
        more=len(listed) < MOST_DESTINATIONS,
        most=MOST_DESTINATIONS,
        mails=page.services.settings.notices.smtp_host is not None,
        webhook=forms[WEBHOOK.name],
        mail=forms[MAIL.name],
        notices=notices,
        headline=headline,
        paging=paging.of(found),
    )


async def add_webhook(page: PageRequest) -> web.Response:
    """Adds a webhook, and shows its secret once."""

    async def add(work: Work, values: Values) -> Done:
        made, secret = await destinations.add_webhook(
            work,
            owner(page),
            values["address"],
            values["kind"],
            settings=page.services.settings,
            vault=page.services.vault,
        )
        return Done(f"{_NOTICES}/{made}", secret_shown(secret))

    return await page.submit(WEBHOOK, add, show)


async def add_mail(page: PageRequest) -> web.Response:
    """Adds a mail address."""

    async def add(work: Work, values: Values) -> Done:
        made = await destinations.add_mail(
            work,
            owner(page),
            values["address"],
            values["kind"],
            settings=page.services.settings,
        )
        return Done(f"{_NOTICES}/{made}", "The address is added. Send a test.")

    return await page.submit(MAIL, add, show)


def owner(page: PageRequest) -> Recipient:
    """The reseller who asks."""
    return Recipient(page.session.owner_id, page.session.name)


def secret_shown(secret: str) -> str:
    """The message with the secret of a webhook."""
    return f"The secret of the webhook is {secret} and is shown only now. Keep it."


GROUP = PageGroup(
    (
        PageRoute("GET", "/notices", RESELLER, show),
        PageRoute("POST", "/notices/webhooks", RESELLER, add_webhook),
        PageRoute("POST", "/notices/mail", RESELLER, add_mail),
    ),
    (NavigationEntry("Notices", "/notices", RESELLER),),
)
