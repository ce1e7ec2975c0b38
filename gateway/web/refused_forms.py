"""What is recorded of a refused form for operators: only fields that cannot be secrets.

In a malformed form anything may stand anywhere, passwords too: a value is recorded only if it looks
like what its field is for.
"""

import re
from collections.abc import Collection

from gateway.web.door import About, Exchange
from gateway.web.forms import Form

UNKNOWN = "…"
"""Stands for a name that the caller sent and the gateway does not know."""

_NAMES = ("domainname", "domainnames", "fqdn")
_SUBJECTS = {
    "acmeaccountid": re.compile(r"[A-Za-z0-9_-]{22}"),
    "eabkeyid": re.compile(r"[A-Za-z0-9_-]{22}"),
    "ordernumber": re.compile(r"[0-9, ]{1,100}"),
    "ovanchorordernumber": re.compile(r"[0-9]{1,19}"),
    "organizationid": re.compile(r"[0-9A-Fa-f-]{1,36}"),
}
_NAME = re.compile(r"[\w*-]+(?:\.[\w*-]+)+\.?|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]?")
_LOGIN = re.compile(r"[\w.@-]{1,64}")


def about_form(exchange: Exchange, actions: Collection[str]) -> About:
    """Endpoint, action (if one of `actions`), login, subject and domain names of a request."""
    form = exchange.form
    asked = exchange.request.path.rpartition("/")[2]
    if form is None:
        return About(asked)
    chosen = [each if each in actions else UNKNOWN for each in form.sent("action")[:1]]
    return About(
        " ".join([asked, *chosen]),
        login=next((each for each in form.sent("loginname") if _LOGIN.fullmatch(each)), None),
        subject=_subject(form),
        names=tuple(value for value in form.sent(*_NAMES) if _NAME.fullmatch(value)),
    )


def kept_name(error: Exception, known: Collection[str]) -> str:
    """The argument that an error names, for a recorded text; `known` are names in lower case.

    A stranger's field name may be a whole JSON document, or the end of a password after a `&`.
    """
    name = str(getattr(error, "name", ""))
    return name if not name or name.lower() in known else UNKNOWN


def _subject(form: Form) -> str | None:
    found = (
        value
        for name, look in _SUBJECTS.items()
        for value in form.sent(name)
        if look.fullmatch(value)
    )
    return next(found, None)
