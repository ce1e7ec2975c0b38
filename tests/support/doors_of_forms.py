"""Every form and JSON request of the resellers' doors, in a form that tests can damage.

They are made from the doors' own registries: new actions, parameters and members are included.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

import msgspec

from gateway.doors.reseller import door as reseller  # noqa: F401  registers the actions
from gateway.doors.reseller.parameters import ACTIONS
from gateway.doors.sitelock.door import ENDPOINTS
from gateway.doors.ssl import requests
from gateway.sandbox import demo_data
from gateway.web.forms import Parameter
from tests.support.certificate_shop import application, purchase, shop_of
from tests.support.raw_http import RawAnswer, post
from tests.support.watched_gateway import WatchedGateway

_FORM = "application/x-www-form-urlencoded"
_HTTPS = "X-Forwarded-Proto: https"
_LOGIN = {"loginName": demo_data.LOGIN, "loginPassword": demo_data.PASSWORD}
_SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

Fields = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class FormKind:
    """A form: its path, the fields of every request, and the parameters that may be damaged."""

    path: str
    fixed: Mapping[str, str]
    parameters: Sequence[Parameter]

    def fields(self, values: Mapping[str, str], *, all_of_them: bool) -> list[tuple[str, bytes]]:
        """Fields of a form that could be right: only the required ones, or all."""
        wanted = [each for each in self.parameters if each.required or all_of_them]
        own = {each.name: _sample(each, values) for each in wanted}
        return [(name, value.encode()) for name, value in {**self.fixed, **own}.items()]

    def request(self, fields: Fields) -> bytes:
        body = "&".join(
            f"{quote_from_bytes(name.encode('utf-8', 'surrogatepass'))}={quote_from_bytes(value)}"
            for name, value in fields
        )
        return self.raw_request(body.encode())

    def raw_request(self, body: bytes) -> bytes:
        return post(self.path, _FORM, body, _HTTPS)


@dataclass(frozen=True)
class JsonKind:
    """A JSON document of the SSL certificate API."""

    method: str
    path: str
    document: Any
    token: str

    def request(self, body: bytes) -> bytes:
        sent = post(self.path, "application/json", body, _HTTPS, f"X-Auth-Token: {self.token}")
        return sent.replace(b"POST", self.method.encode(), 1)


def form_kinds() -> dict[str, FormKind]:
    """All forms, by action and by endpoint of the older products."""
    actions = {
        name: FormKind("/products/!ACMEAdmin", {"action": name, **_LOGIN}, action.parameters)
        for name, action in ACTIONS.items()
    }
    older = {
        name: FormKind(f"/products/!{name}", _LOGIN, endpoint.parameters)
        for name, endpoint in ENDPOINTS.items()
    }
    return {**actions, **older}


async def some_values(watched: WatchedGateway) -> dict[str, str]:
    """Values of parameters, by name, for which objects exist in this gateway."""
    gateway = watched.gateway
    url = gateway.directory_url
    status, answer = await gateway.action("PREREGISTER", serverUrl=url)
    assert status == 200, answer
    account = answer["Accounts"][0]
    for name in ("www.example.com", "*.example.org"):
        fields = {"acmeAccountID": account["acmeAccountID"], "domainName": name}
        status, answer = await gateway.action("ADDDOMAIN", **fields)
        assert status == 200, answer
    return {
        "serverUrl": url,
        "acmeAccountID": account["acmeAccountID"],
        "eabKeyID": account["eabMACIDb64url"],
        "domainName": "new.example.com",
        "product": "1",
        "appRepEmailAddress": "a@example.com",
    }


async def json_kinds(watched: WatchedGateway) -> dict[str, JsonKind]:
    """One of each kind of body; the certificate that they speak of waits for its application."""
    shop = await shop_of(watched.gateway, demo_data.LOGIN)
    shop.headers["X-Forwarded-Proto"] = "https"
    cert_id = await shop.buy("www.example.com")
    path = "/v3/scm/certificates"
    organization = {"name": "Example Ltd", "country": "GB", "state": "x", "locality": "London"}
    bought = purchase("www.example.com", name="mine", coupon="NONE")
    applied = application("www.example.com", domain_method="DNS", organization=organization)
    return {
        "buy": JsonKind("POST", path, bought, shop.token),
        "apply": JsonKind("POST", f"{path}/{cert_id}/apply", applied, shop.token),
        "revoke": JsonKind(
            "POST", f"{path}/{cert_id}/revoke", {"reason": "superseded"}, shop.token
        ),
        "unsubscribe": JsonKind(
            "DELETE", f"{path}/{cert_id}/unsubscribe", {"acknowledged": False}, shop.token
        ),
    }


def members_of_json_bodies() -> set[str]:
    """The members of JSON bodies, as the door declares them."""
    forms = [form for form in vars(requests).values() if _is_body(form)]
    return {field.encode_name for form in forms for field in msgspec.structs.fields(form)}


def _is_body(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, msgspec.Struct)


def refused_how(answer: RawAnswer) -> str | None:
    """The text of a refusal; None = not refused."""
    if answer.header("content-type").startswith("application/json"):
        answered = json.loads(answer.body)
        if answer.status < 400:
            return None
        return str(answered.get("detail") or answered.get("error_msg") or "").strip()
    text = answer.body.decode()
    if text.startswith(("0\n", "errorCode=0")) and answer.status == 200:
        return None
    return text.partition("errorMessage=")[2] or text.partition("\n")[2].strip()


def _sample(parameter: Parameter, values: Mapping[str, str]) -> str:
    if parameter.name in values:
        return values[parameter.name]
    schema = parameter.kind.schema
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema.get("type") == "integer":
        return str(schema["minimum"])
    by_format = {"date": "2025-01-10", "uuid": _SOME_ID, "uri": "https://example.com/"}
    return by_format.get(str(schema.get("format")), "x")
