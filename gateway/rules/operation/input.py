"""Checks of operators' input. They raise OperatorMistake, whose text says what to change."""

import re
from decimal import Decimal
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from gateway.errors import OperatorMistake
from gateway.rules.money import amounts as money_amounts
from gateway.rules.operation.roles import Role

DEFAULT_PRICE_LIST = "default"
"""Name of the default price list in commands, which no reseller may have as its login."""

MAXIMUM_PASSWORD = 128
"""Length in characters, as documented for loginPassword."""

MINIMUM_OPERATOR_PASSWORD = 12
"""Length in characters; an operator's password opens more than one account."""

_MAXIMUM_LOGIN = 64
_MAXIMUM_PRODUCT_ID = 2**31 - 1
_PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def check_login(login: str) -> None:
    if not 0 < len(login) <= _MAXIMUM_LOGIN or not login.isprintable() or " " in login:
        raise OperatorMistake(f"a login has 1 to {_MAXIMUM_LOGIN} printable characters, no space")
    if login == DEFAULT_PRICE_LIST:
        raise OperatorMistake(f"{login!r} names the default price list and cannot be a login")


def check_operator_name(name: str) -> None:
    if not 0 < len(name) <= _MAXIMUM_LOGIN or not name.isprintable() or " " in name:
        raise OperatorMistake(f"a name has 1 to {_MAXIMUM_LOGIN} printable characters, no space")


def check_role(role: str) -> Role:
    """Gives the role of that name."""
    if role not in tuple(Role):
        raise OperatorMistake(f"a role is one of {', '.join(Role)}")
    return Role(role)


def check_password(password: str) -> None:
    """Checks a password; the text of an error never repeats it."""
    if not 0 < len(password) <= MAXIMUM_PASSWORD or _NOT_STORABLE.search(password):
        raise OperatorMistake(f"a password has 1 to {MAXIMUM_PASSWORD} characters of UTF-8")


def check_operator_password(password: str) -> None:
    """Checks an operator's password; the text of an error never repeats it."""
    check_password(password)
    if len(password) < MINIMUM_OPERATOR_PASSWORD:
        raise OperatorMistake(
            f"an operator's password has {MINIMUM_OPERATOR_PASSWORD} to {MAXIMUM_PASSWORD}"
            " characters"
        )


def check_currency(currency: str) -> None:
    if currency not in _currencies():
        raise OperatorMistake("a currency is one of ISO 4217 in three capital letters, like USD")


def price_currency(given: str | None, own: str | None) -> str:
    """Gives the currency of a price. `own` is the reseller's, None on the default list.

    When none is given, it is the reseller's, or USD.
    """
    if given is None:
        return own or "USD"
    check_currency(given)
    if own is not None and given != own:
        raise OperatorMistake(f"the reseller pays in {own}, so a price in {given} cannot be its")
    return given


@cache
def _currencies() -> frozenset[str]:
    """Currencies that money is kept in: no metals, units of account or codes for tests."""
    from iso4217 import Currency  # reads its table; most commands need none

    return frozenset(each.code for each in Currency if each.exponent is not None)


def check_renewal_mode(renewal_mode: str) -> str:
    if renewal_mode not in ("manual", "auto"):
        raise OperatorMistake("a renewal mode is manual or auto")
    return renewal_mode


def check_status(status: str) -> str:
    if status not in ("active", "suspended"):
        raise OperatorMistake("a status is active or suspended")
    return status


def check_amount(amount: Decimal) -> Decimal:
    """Gives the amount with two decimals."""
    storable = money_amounts.storable(amount)
    if storable is None:
        raise OperatorMistake("an amount has at most two decimals and ten digits before them")
    return storable


def check_credit_limit(limit: Decimal) -> Decimal:
    """Gives the limit with two decimals."""
    checked = check_amount(limit)
    if checked < 0:
        raise OperatorMistake("a credit limit is not negative")
    return checked


def check_note(note: str) -> None:
    if _NOT_STORABLE.search(note):
        raise OperatorMistake("a note is UTF-8 text without NUL")


def check_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise OperatorMistake(f"not a network in CIDR notation: {error}") from None


def check_server(name: str, path: str, validation: str, product_id: int, description: str) -> None:
    if not name or not name.isprintable() or not description.isprintable():
        raise OperatorMistake("a server needs a name, and name and description are printable")
    if not _PATH.fullmatch(path):
        raise OperatorMistake("a path looks like /v2/DV: letters, digits, '-' and '_'")
    if validation not in ("DV", "OV"):
        raise OperatorMistake("a validation type is DV or OV; EV and QWAC are not offered")
    if not 0 < product_id <= _MAXIMUM_PRODUCT_ID:
        raise OperatorMistake("a product id is a positive 32-bit number")


def check_server_names(names: str) -> None:
    if names not in ("public", "any"):
        raise OperatorMistake("names are public, or any: then those of private networks too")
