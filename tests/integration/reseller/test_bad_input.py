"""Bad input to every action: the documented error, no state change, never a 5xx."""

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.doors.reseller.parameters import ACTIONS, Action
from gateway.web.forms import Parameter
from tests.support.action_door import LOGIN, PASSWORD, Answered, Door

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SOME_ACCOUNT = "kGD5H4M4POzDvZ0dDUiDzg"
SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

PARAMETERS = [
    pytest.param(action, parameter, id=f"{action.name}-{parameter.name}")
    for action in ACTIONS.values()
    for parameter in action.parameters
]
ENCODED_NUL = "%00"
NOT_UTF_8 = "%ff"


def sample(parameter: Parameter) -> str:
    """A value of the right type."""
    schema = parameter.kind.schema
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema["type"] == "integer":
        return str(schema["minimum"])
    if schema.get("format") == "date":
        return "2025-01-10"
    if schema.get("format") == "uuid":
        return SOME_ID
    return SOME_ACCOUNT if "pattern" in schema else "x"


def encoded(action: Action, *fields: tuple[str, str], leave_out: str = "") -> str:
    """A form body with all required arguments and `fields`, whose values are percent-encoded."""
    form = {"action": action.name, "loginName": LOGIN, "loginPassword": PASSWORD}
    own = {name for name, _ in fields} | {leave_out}
    for parameter in action.parameters:
        if parameter.required and parameter.name not in own:
            form[parameter.name] = sample(parameter)
    return "&".join([urlencode(form), *(f"{name}={value}" for name, value in fields)])


async def refusal(door: Door, body: str) -> tuple[int, str]:
    """Status and detail of a refusal, which has changed nothing."""
    before = await door.state()
    answered = await door.post(body, headers=FORM)
    assert await door.state() == before
    return answered.status, answered.json["detail"]


def invalid(name: str) -> tuple[int, str]:
    return 400, f"The value of the '{name}' argument is invalid!"


def missing(name: str) -> tuple[int, str]:
    return 400, f"The '{name}' argument is missing!"


@pytest.mark.parametrize(("action", "parameter"), PARAMETERS)
async def test_bad_values_of_every_argument(
    door: Door, action: Action, parameter: Parameter
) -> None:
    name, good = parameter.name, quote_plus(sample(parameter))
    too_long = "A" * (parameter.kind.maximum_length + 1)
    for value in (too_long, "A" + ENCODED_NUL, NOT_UTF_8):
        assert await refusal(door, encoded(action, (name, value))) == invalid(name)
    if parameter.kind.schema != {"type": "string", "maxLength": parameter.kind.maximum_length}:
        status, detail = await refusal(door, encoded(action, (name, "~")))
        assert (status, detail) in (invalid(name), (400, "Base64url-encoding failed!"))
    if not parameter.repeatable:
        twice = encoded(action, (name, good), (name.upper(), good))
        assert await refusal(door, twice) == invalid(name.upper())
    if parameter.required:
        assert await refusal(door, encoded(action, leave_out=name)) == missing(name)
        assert await refusal(door, encoded(action, (name, ""))) == missing(name)
    elif not parameter.conditional:
        assert await refusal(door, encoded(action, (name, ""))) == invalid(name)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: str(action.name))
async def test_an_unknown_argument_of_every_action(door: Door, action: Action) -> None:
    known = {parameter.name.lower() for parameter in action.parameters}
    foreign = {p.name for other in ACTIONS.values() for p in other.parameters}
    for name in ["bogus", "", *(name for name in foreign if name.lower() not in known)]:
        answered = await refusal(door, encoded(action, (name, "1")))
        assert answered == (400, f"'{name}' is an unrecognized argument!")


_NAMES = sorted(
    {"action", "loginName", "loginPassword", "serverURL", "bogus", ""}
    | {parameter.name for action in ACTIONS.values() for parameter in action.parameters}
)
_VALUES = sorted(
    {
        *("Y", "N", "*", "0", "1", "2", "365", "-1", "eab", "\0", "\u202e", "ÿ" * 40, "9" * 30),
        *("example.com", "*.example.com", "https://gateway.test/v2/DV", SOME_ACCOUNT),
        *("2025-01-01", "0000-00-00", "domainName = x", "validNotAfter > 1"),
    }
)
_FIELDS = st.lists(
    st.tuples(
        st.sampled_from(_NAMES) | st.text(max_size=8),
        st.sampled_from(_VALUES) | st.text(max_size=20),
    ),
    max_size=5,
)
_FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def _refused_or_done(door: Door, answered: Answered, before: object) -> None:
    assert answered.status < 500, answered.text
    if answered.status != 200:
        assert set(answered.json) == {"type", "detail", "errorMessage"}
        assert await door.state() == before


@_FUZZ
@given(action=st.sampled_from(sorted(ACTIONS)), fields=_FIELDS, own=st.booleans())
async def test_no_form_makes_a_5xx_or_half_an_action(
    door: Door, action: str, fields: list[tuple[str, str]], own: bool
) -> None:
    form = [("action", action), ("loginName", LOGIN), ("loginPassword", PASSWORD)]
    if own:  # arguments of this action only, so that values are reached
        names = {parameter.name for parameter in ACTIONS[action].parameters}
        fields = [(name, value) for name, value in fields if name in names]
    before = await door.state()
    answered = await door.post(urlencode(form + fields, errors="replace"), headers=FORM)
    await _refused_or_done(door, answered, before)


@_FUZZ
@given(body=st.binary(max_size=200))
async def test_no_bytes_make_a_5xx_or_change_anything(door: Door, body: bytes) -> None:
    before = await door.state()
    answered = await door.post(body, headers=FORM)
    assert 400 <= answered.status < 500
    await _refused_or_done(door, answered, before)
