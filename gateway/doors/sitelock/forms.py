"""What the endpoints take. Names match in any letter case; an empty optional field is none."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.doors.reseller.form import LOGIN, Form
from gateway.doors.reseller.parameters import Kind, Parameter, choice, flag, integer, text
from gateway.errors import ArgumentInvalid, ArgumentUnrecognized
from gateway.rules.names import InvalidName, normalise
from gateway.rules.organization.organizations import COUNTRIES
from gateway.usecases.money.order_report import STATUSES
from gateway.web.untrusted import Field

_LARGEST = 2**63 - 1
_LAST_INSTANT = 253_402_300_799


class CountryUnknown(ArgumentInvalid):
    """No country of ISO 3166-1 has this code."""


def _list_of(parse: Callable[[str], Any], maximum_length: int) -> Kind:
    def split(sent: str) -> list[Any]:
        return [parse(part.strip()) for part in sent.split(",")]

    return Kind(split, {"type": "string"}, maximum_length)


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
    """`%` many characters, `_` one; a backslash would be an escape for the database."""
    if "\\" in sent:
        raise ValueError(sent)
    return sent.lower()


def _unix_time(sent: str) -> datetime:
    seconds = _number(sent)
    if seconds > _LAST_INSTANT:
        raise ValueError(sent)
    return datetime.fromtimestamp(seconds, UTC)


def _optional(name: str, kind: Kind, default: Any = None) -> Parameter:
    return Parameter(name, kind, conditional=True, default=default)


def _required(name: str, kind: Kind) -> Parameter:
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
    _required("domainName", Kind(_domain, {}, 255)),
    _required("appRepEmailAddress", Kind(_email, {}, 255)),
    _optional("enableAutoRenew", flag, True),
    *(_optional(name, text(128)) for name in _ORGANIZATION),
    _optional("countryName", Kind(_country, {}, 255)),
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
CANCEL = (
    _required("orderNumber", _ORDER_NUMBER),
    _required("product", _PRODUCTS),
    _required("action", choice("cancel")),
    RESPONSE_FORMAT,
)
REPORT = (
    _optional("orderNumber", _list_of(_number, 32767), []),
    _optional("notBefore", Kind(_unix_time, {}, 12)),
    _optional("notAfter", Kind(_unix_time, {}, 12)),
    _optional("fqdn", Kind(_pattern, {}, 255)),
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


class ProductForm:
    """The fields of one request to an endpoint that takes `parameters`."""

    def __init__(self, fields: Sequence[Field], parameters: Sequence[Parameter]) -> None:
        self._fields = fields
        self._parameters = parameters
        self.form = Form(fields)

    def wants_pairs(self) -> bool:
        """responseFormat=1, as far as that can be told before anything is checked."""
        return any(
            field.name.lower() == "responseformat" and field.value == "1" for field in self._fields
        )

    def refuse_unknown(self) -> None:
        """Code -2."""
        known = {parameter.name.lower() for parameter in (*LOGIN, *self._parameters)}
        for field in self._fields:
            if field.name.lower() not in known:
                raise ArgumentUnrecognized(field.name)

    def credentials(self) -> tuple[str, str]:
        """Codes -3 and -4."""
        values = self.form.arguments(LOGIN)
        return values["loginName"], values["loginPassword"]

    def arguments(self) -> dict[str, Any]:
        """Codes -3 and -4; first all that is missing."""
        return self.form.arguments(self._parameters)
