"""The endpoints' parameters. Letter case of names is ignored; empty optional fields are absent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gateway.errors.sitelock import CountryUnknown
from gateway.rules.names import InvalidName, normalise
from gateway.rules.organization.organizations import COUNTRIES
from gateway.usecases.money.order_report import STATUSES
from gateway.web.forms import Parameter, ParameterKind, choice, flag, integer, text

_LARGEST = 2**63 - 1
_LAST_INSTANT = 253_402_300_799


def _list_of(parse: Callable[[str], Any], maximum_length: int) -> ParameterKind:
    def split(sent: str) -> list[Any]:
        return [parse(part.strip()) for part in sent.split(",")]

    return ParameterKind(split, {"type": "string"}, maximum_length)


def _number(sent: str) -> int:
    if not (sent.isascii() and sent.isdigit()) or int(sent) > _LARGEST:
        raise ValueError(sent)
    return int(sent)


def _domain(sent: str) -> str:
    try:
        name = normalise(sent)
    except InvalidName as error:
        raise ValueError(sent) from error
    if name.startswith("*."):
        raise ValueError(sent)
    return name


def _email(sent: str) -> str:
    local, at, host = sent.rpartition("@")
    if not at or not local or not sent.isascii() or not sent.isprintable() or " " in sent:
        raise ValueError(sent)
    _domain(host)
    return sent


def _country(sent: str) -> str:
    if not sent.isascii() or sent.upper() not in COUNTRIES:
        raise CountryUnknown("countryName")
    return sent.upper()


def _pattern(sent: str) -> str:
    """A search pattern: `%` matches many characters, `_` one.

    A backslash is refused, because the database would take it for an escape.
    """
    if "\\" in sent:
        raise ValueError(sent)
    return sent.lower()


def _unix_time(sent: str) -> datetime:
    seconds = _number(sent)
    if seconds > _LAST_INSTANT:
        raise ValueError(sent)
    return datetime.fromtimestamp(seconds, UTC)


def _optional(name: str, kind: ParameterKind, default: Any = None) -> Parameter:
    return Parameter(name, kind, conditional=True, default=default)


def _required(name: str, kind: ParameterKind) -> Parameter:
    return Parameter(name, kind, required=True)


_ORDER_NUMBER = integer(1, _LARGEST)
_PRODUCTS = _list_of(_number, 64)
RESPONSE_FORMAT = _optional("responseFormat", choice("0", "1"), "0")
_ORGANIZATION = (
    "organizationName",
    "streetAddress1",
    "streetAddress2",
    "streetAddress3",
    "localityName",
    "stateOrProvinceName",
    "postalCode",
)

ORDER = (
    _required("product", _PRODUCTS),
    _optional("days", integer(1, 9999)),
    _required("domainName", ParameterKind(_domain, {}, 255)),
    _required("appRepEmailAddress", ParameterKind(_email, {}, 255)),
    _optional("enableAutoRenew", flag, True),
    *(_optional(name, text(128)) for name in _ORGANIZATION),
    _optional("countryName", ParameterKind(_country, {}, 255)),
    _optional("previousOrderNumber", _ORDER_NUMBER),
    _optional("showCertificateID", flag),
    _optional("test", flag, False),
    RESPONSE_FORMAT,
)
REFUND = (
    _required("orderNumber", _ORDER_NUMBER),
    _required("refundReasonCode", integer(1, 11)),
    RESPONSE_FORMAT,
)
ACTIONS = ("cancel",)
CANCEL = (
    _required("orderNumber", _ORDER_NUMBER),
    _required("product", _PRODUCTS),
    _required("action", choice(*ACTIONS)),
    RESPONSE_FORMAT,
)
REPORT = (
    _optional("orderNumber", _list_of(_number, 32767), []),
    _optional("notBefore", ParameterKind(_unix_time, {}, 12)),
    _optional("notAfter", ParameterKind(_unix_time, {}, 12)),
    _optional("fqdn", ParameterKind(_pattern, {}, 255)),
    _optional("product", _list_of(str, 255), []),
    _optional("orderStatus", choice(*STATUSES)),
    _optional("firstResultNo", integer(1, 10_000_000), 1),
    _optional("lastResultNo", integer(1, 10_000_000)),
    _optional("showStatusDetails", flag, False),
    RESPONSE_FORMAT,
)


def organization_of(arguments: dict[str, Any]) -> dict[str, str]:
    """The address fields that were sent."""
    names = (*_ORGANIZATION, "countryName")
    return {name: arguments[name] for name in names if arguments[name] is not None}
