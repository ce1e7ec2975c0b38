"""Forms that are sent with the answer of a passkey, and those with a code instead."""

from gateway.doors.console.forms import CODE, PASSKEY, FilledForm, FormField, PageForm, Values
from gateway.doors.console.page import PageRequest
from gateway.rules.operation.passkeys import (
    RelyingParty,
    creation_options,
    relying_party,
    request_options,
)
from gateway.usecases.operation.second_factor import ListedPasskey
from gateway.usecases.operation.second_step import ShownCode, ShownPasskey
from gateway.web.forms import text

_LONGEST_ANSWER = 8_000

ANSWER = FormField(PASSKEY, "", text(_LONGEST_ANSWER), control="hidden")
SHOW_CODE = PageForm(
    "show-code",
    (
        FormField(
            CODE,
            "Code",
            text(64),
            hint="Six digits from your app, or one of your recovery codes.",
            autocomplete="one-time-code",
        ),
    ),
)
SHOW_PASSKEY = PageForm("show-passkey", (ANSWER,))


def site_of(page: PageRequest) -> RelyingParty | None:
    """The site that passkeys are for; None = there can be none."""
    return relying_party(page.services.settings.public_url)


def options_to_show(page: PageRequest, filled: FilledForm, known: list[ListedPasskey]) -> str:
    """What the browser is asked for by a form that shows a passkey; "" = there are none."""
    site = site_of(page)
    if site is None or not known:
        return ""
    ids = [each.credential_id for each in known]
    return request_options(site, page.challenge(filled.once), ids)


def options_to_make(page: PageRequest, filled: FilledForm, known: list[ListedPasskey]) -> str:
    """What the browser is asked for by a form that adds a passkey; "" = there can be none."""
    site = site_of(page)
    if site is None:
        return ""
    ids, session = [each.credential_id for each in known], page.session
    challenge = page.challenge(filled.once)
    return creation_options(site, session.owner_id, session.name, challenge, ids)


def shown_in(page: PageRequest, values: Values) -> ShownCode | ShownPasskey:
    """The factor that was sent."""
    if PASSKEY in values:
        return ShownPasskey(values[PASSKEY], page.challenge(page.key_of_form()))
    return ShownCode(values[CODE])
