"""POST /products/!ACMEAdmin: read the form, authenticate, dispatch to an action, render.

Order of checks: HTTPS, method, content type, size; then docs/wire.md §1 "Order of checks".
"""

from functools import partial

from aiohttp import web

from gateway.doors.reseller import accounts, domains, notices, openapi, organizations, reports
from gateway.doors.reseller.envelope import ActionEnvelope, answer, encode
from gateway.doors.reseller.parameters import ACTION, ACTIONS, Action, ActionCall
from gateway.errors.request import ArgumentInvalid
from gateway.services import Services
from gateway.usecases.work import Work
from gateway.web.door import Door, Exchange, Route
from gateway.web.forms import MEDIA_TYPE, Form, Parameter, names_of
from gateway.web.login import LOGIN, PasswordLogin
from gateway.web.refused_forms import about_form

_PATH = r"/products/{name:(?:!|%21)ACMEAdmin}"
"""The router compares the path as sent, where `!` may be percent-encoded."""

_MODULES_OF_ACTIONS = (accounts, domains, notices, organizations, reports)
"""Imported so that they register their actions."""


def open_door(services: Services) -> Door:
    """The action API and its OpenAPI description."""
    envelope = ActionEnvelope({*names_of(_parameters(None)), "idempotency-key"})
    return Door(
        "reseller",
        [Route(_PATH, {"POST": _act}, envelope, MEDIA_TYPE)],
        PasswordLogin(services),
        partial(about_form, actions=ACTIONS),
        [openapi.document(services.settings.public_url)],
    )


async def _act(exchange: Exchange) -> web.Response:
    form = await exchange.read_form()
    form.refuse_unknown(_parameters(form.first(ACTION)))
    form.refuse_missing((*LOGIN, ACTION))
    await exchange.authenticate()
    action = _requested(form)
    arguments = form.arguments(action.parameters)
    once = exchange.once(form.canonical(LOGIN))
    exchange.require_permission()
    services = exchange.services

    async def carry_out(work: Work) -> bytes:
        call = ActionCall(work, exchange.reseller, services.settings, services, arguments)
        with form.in_callers_spelling():
            return encode(await action.handler(call))

    if action.changes_state(arguments):
        return answer(await exchange.perform(carry_out, once))
    async with exchange.open_reading() as work:
        return answer(await carry_out(work))


def _parameters(requested: str | None) -> list[Parameter]:
    """The parameters of a requested action; of all actions if it is not a known one."""
    action = ACTIONS.get(requested or "")
    actions = [action] if action else ACTIONS.values()
    return [*LOGIN, ACTION, *(each for action in actions for each in action.parameters)]


def _requested(form: Form) -> Action:
    """The requested action; raises E3 for an unknown one."""
    requested = ACTIONS.get(form.value(ACTION))
    if requested is None:
        raise ArgumentInvalid(form.spelling(ACTION.name))
    return requested
