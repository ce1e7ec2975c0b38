"""The page that is shown while the database does not answer: nothing that was entered is lost."""

from aiohttp import web

from gateway.doors.console.forms import BACK, holds_secret
from gateway.doors.console.page import PageRequest, own_path
from gateway.web.forms import MEDIA_TYPE


def show(page: PageRequest, title: str, text: str) -> web.Response:
    """The page in place of one that cannot be shown, or of a form that cannot be carried out.

    A form is offered to be sent again as it was, under its own key: it is carried out once, however
    far the first time came. Secrets and files are not written into a page; such a form is entered
    anew.
    """
    by_form = page.exchange.form is not None
    lost = page.request.content_type != MEDIA_TYPE or any(map(holds_secret, page.fields))
    return page.render(
        "away.html",
        status=503,
        title=title,
        text=text,
        # Without a session nothing was begun.
        unchanged=not by_form or page.exchange.caller is None,
        by_form=by_form,
        fields=() if lost else page.fields,
        action=str(page.request.rel_url),
        back=own_path(page.sent(BACK)) if by_form else str(page.request.rel_url),
    )
