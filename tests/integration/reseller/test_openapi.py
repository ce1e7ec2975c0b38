"""The OpenAPI description says what the endpoint does, and the endpoint does what it says."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gateway.doors.reseller.parameters import ACTIONS
from tests.support.action_door import HTTPS, LOGIN, PASSWORD, Door

# Whether a login, an id or a domain name is known is no matter of a schema: valid data may be
# refused. A name in another letter case is negative data for a schema, but right by
# docs/wire.md §1.
_EXCLUDED = [positive_data_acceptance]

PATH = "/products/!ACMEAdmin"


async def document(door: Door) -> dict[str, Any]:
    url = door.url.replace(PATH, "/openapi.json")
    described: dict[str, Any] = (await door.send("GET", url=url)).json
    return described


async def test_every_action_and_argument_is_described(door: Door) -> None:
    described = await document(door)
    assert described["openapi"].startswith("3.1")
    schemas = described["components"]["schemas"]
    for action in ACTIONS.values():
        schema = schemas[action.name]
        assert schema["description"]
        assert schema["properties"]["action"]["const"] == action.name
        assert set(schema["properties"]) == {
            *("action", "loginName", "loginPassword"),
            *(parameter.name for parameter in action.parameters),
        }
    years = schemas["PREREGISTER"]["properties"]["years"]
    assert (years["type"], years["enum"]) == ("integer", [1, 2, 3])
    assert "serverUrl" in schemas["PREREGISTER"]["required"]


async def test_each_documented_status_has_the_error_envelope(door: Door) -> None:
    described = await document(door)
    responses = described["paths"][PATH]["post"]["responses"]
    assert {"200", "400", "401", "403", "405", "409", "413", "415", "429", "500", "503"} <= set(
        responses
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_schemathesis_finds_no_undocumented_answer(door: Door, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(await document(door))
    # Several filters near their maximum length make a body that is too large for the door.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    operation = schema[PATH]["POST"]
    base_url = door.url.removesuffix(PATH)
    done: set[int] = set()

    @seed(1)
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), logged_in=st.booleans())
    def explore(case: schemathesis.Case, logged_in: bool) -> None:
        if logged_in and _could_be_a_login(case.body):
            case.body.update(loginName=LOGIN, loginPassword=PASSWORD)
        response = case.call(base_url=base_url, headers=HTTPS)
        case.validate_response(response, excluded_checks=_EXCLUDED)
        done.add(response.status_code)

    await asyncio.to_thread(explore)
    assert not any(status >= 500 for status in done)
    if mode is GenerationMode.POSITIVE:
        assert 200 in done


def _could_be_a_login(body: Any) -> bool:
    """Is what is wrong with `body`, if anything, something else than its login?"""
    return isinstance(body, dict) and all(
        isinstance(body.get(name), str) and 0 < len(body[name]) <= longest
        for name, longest in (("loginName", 64), ("loginPassword", 128))
    )
