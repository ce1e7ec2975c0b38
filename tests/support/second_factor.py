"""An app that makes codes, and people who have a second factor."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp

from gateway.sandbox import demo_data
from tests.support.console import ConsolePerson, PageAnswer
from tests.support.gateway import RunningGateway

FACTOR_PAGE = "/console/settings/second-factor"
STEP_PAGE = "/console/second-step"
SETTINGS = "/console/settings"
RESELLER = (demo_data.LOGIN, demo_data.PASSWORD)
OPERATOR = (demo_data.OPERATOR, demo_data.OPERATOR_PASSWORD)

_RECOVERY_CODE = re.compile(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b")

People = Callable[[], ConsolePerson]


async def signed_in(people: People, login: tuple[str, str] = OPERATOR) -> ConsolePerson:
    """Somebody whose password was right."""
    person = people()
    assert (await person.sign_in(*login)).status == 303
    return person


async def is_in(person: ConsolePerson) -> bool:
    """Is a page shown to the person?"""
    return (await person.get(SETTINGS)).status == 200


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an app shows so many steps of 30 seconds after now."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def recovery_codes_in(page: PageAnswer) -> list[str]:
    """The recovery codes that a page shows."""
    return _RECOVERY_CODE.findall(page.text)


def secret_on(page: PageAnswer) -> str:
    """The secret that a page shows for an app."""
    [shown] = re.findall(r"<code data-secret>([A-Z2-7 ]+)</code>", page.text)
    return str(shown).replace(" ", "")


async def set_up_app(person: ConsolePerson) -> tuple[str, list[str]]:
    """Sets up an app for somebody who is signed in; gives its secret and the recovery codes."""
    assert (await person.submit(FACTOR_PAGE, "set-up-app")).status == 303
    secret = secret_on(await person.get(FACTOR_PAGE))
    confirmed = await person.submit(FACTOR_PAGE, "confirm-app", one_time_code=code_of(secret))
    assert confirmed.status == 303, confirmed.text
    return secret, recovery_codes_in(await person.get(FACTOR_PAGE))


async def show_code(person: ConsolePerson, code: str) -> PageAnswer:
    """Sends a code as the second step of signing in."""
    return await person.submit(STEP_PAGE, "show-code", one_time_code=code)


async def let_codes_count_again(gateway: RunningGateway) -> None:
    """As if the half minute of the last code were over."""
    await gateway.pool.execute("UPDATE operation.second_factor SET last_step = 0")


async def let_minutes_pass(gateway: RunningGateway, minutes: int) -> None:
    """As if a factor had been shown so many minutes earlier, in every session."""
    await gateway.pool.execute(
        "UPDATE operation.session SET proven_at = proven_at - make_interval(mins => $1)", minutes
    )


async def events_of(gateway: RunningGateway, action: str) -> list[tuple[str, str, object]]:
    """Actor, subject and new state of the events with that action, in order."""
    rows = await gateway.pool.fetch(
        "SELECT actor, subject, after FROM audit.event WHERE action = $1 ORDER BY id", action
    )
    return [(row["actor"], row["subject"], row["after"]) for row in rows]
