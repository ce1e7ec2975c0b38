"""OpenAPI 3.1 description of the action endpoint, made from the registry of actions."""

from typing import Any

import msgspec
from aiohttp import web

from gateway.doors.reseller import envelope
from gateway.doors.reseller.answers import described
from gateway.doors.reseller.parameters import ACTION, ACTIONS, Action
from gateway.web.door import IDEMPOTENCY_KEY
from gateway.web.forms import Parameter
from gateway.web.login import LOGIN

PATH = "/openapi.json"


def document(public_url: str) -> web.RouteDef:
    """The route that serves the description at /openapi.json, for a gateway at `public_url`."""
    body = msgspec.json.encode(describe(public_url))

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return web.get(PATH, serve)


def describe(public_url: str) -> dict[str, Any]:
    """The OpenAPI document of a gateway at `public_url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ACME subscription gateway: reseller API",
            "version": "1.0",
            "description": "One endpoint; the form field `action` selects what to do. Names of "
            "fields are matched in any letter case.",
        },
        "servers": [{"url": public_url}],
        "paths": {"/products/!ACMEAdmin": {"post": _operation()}},
        "components": {
            "schemas": {
                "Error": _ERROR,
                **{action.name: _request(action) for action in ACTIONS.values()},
                **{_answer_of(name): described(ACTIONS[name].answer) for name in ACTIONS},
            }
        },
    }


_ERROR = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:sectigo:params:acme:error:[A-Za-z]+$"},
        "detail": {"type": "string"},
        "errorMessage": {"type": "string", "description": "The same as detail."},
    },
    "required": ["type", "detail", "errorMessage"],
    "additionalProperties": False,
}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Actions that change something run once per key: for 24 hours the same request "
    "gets the same answer, another request 409.",
    "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY}$"},
}


def _operation() -> dict[str, Any]:
    schemas = [_reference(name) for name in ACTIONS]
    answers = [_reference(_answer_of(name)) for name in ACTIONS]
    return {
        "operationId": "acmeAdmin",
        "parameters": [_IDEMPOTENCY_KEY],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": {"oneOf": schemas}}},
        },
        "responses": {
            "200": {
                "description": "Done, or what was asked for: <action>.answer.",
                "content": {"application/json": {"schema": {"anyOf": answers}}},
            },
            **{str(status): _refusal(status) for status in sorted(envelope.ERROR_STATUSES)},
        },
    }


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": envelope.ERROR_STATUSES[status],
        "content": {"application/json": {"schema": _reference("Error")}},
    }


def _answer_of(name: str) -> str:
    return f"{name}.answer"


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _request(action: Action) -> dict[str, Any]:
    parameters = (*LOGIN, *action.parameters)
    properties = {parameter.name: _schema(parameter) for parameter in parameters}
    properties[ACTION.name] = {"const": action.name, "description": ACTION.description}
    required = [parameter.name for parameter in parameters if parameter.required]
    return {
        "type": "object",
        "description": (action.handler.__doc__ or "").strip(),
        "properties": properties,
        "required": [ACTION.name, *required],
        "additionalProperties": False,
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(parameter.kind.schema)
    if parameter.conditional:  # empty counts as not sent
        schema = {"anyOf": [schema, {"const": ""}]}
    elif schema["type"] == "string" and "enum" not in schema:
        schema["minLength"] = 1
    if parameter.repeatable:
        schema = {"type": "array", "items": schema}
    if parameter.description:
        schema["description"] = parameter.description
    default = parameter.default
    if isinstance(default, bool):
        schema["default"] = "Y" if default else "N"
    elif default is not None:
        schema["default"] = default
    return schema
