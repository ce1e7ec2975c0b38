"""Damaged forms and JSON bodies (35 000 in full): no server error, and bounded work."""

from random import Random

import pytest

from tests.support.amount import share_of
from tests.support.doors_of_forms import FormKind, JsonKind, form_kinds, json_kinds, some_values
from tests.support.extreme_values import TEXTS
from tests.support.spoiling import spoilt_bytes, spoilt_json
from tests.support.watched_gateway import WatchedGateway

_SEEDS = range(10)
_EACH = share_of(3_500)


@pytest.mark.parametrize("seed", _SEEDS)
async def test_a_damaged_form_is_never_a_servers_error(watched: WatchedGateway, seed: int) -> None:
    random = Random(seed)
    values = await some_values(watched)
    kinds: list[tuple[str, FormKind | JsonKind]] = [*form_kinds().items()]
    kinds += (await json_kinds(watched)).items()
    for number in range(_EACH):
        name, kind = random.choice(kinds)
        if isinstance(kind, JsonKind):
            text = spoilt_json(random, kind.document)
            request = kind.request(text.encode("utf-8", "replace"))
        else:
            request = _damaged(random, kind, values)
        await watched.ask(request, f"number {number} of seed {seed}, {name}")
    watched.assert_nothing_found()


def _damaged(random: Random, kind: FormKind, values: dict[str, str]) -> bytes:
    """A field lost, doubled, respelt or with another value; or damage to the bytes."""
    fields = kind.fields(values, all_of_them=random.random() < 0.5)
    place = random.randrange(len(fields))
    name, value = fields[place]
    match random.randrange(7):
        case 0:
            del fields[place]
        case 1:
            fields.insert(place, (name, spoilt_bytes(random, value)))
        case 2:
            fields[place] = (random.choice((name.upper(), name + "x", "")), value)
        case 3 | 4:
            fields[place] = (name, random.choice(TEXTS).encode())
        case 5:
            fields[place] = (name, spoilt_bytes(random, value))
        case _:
            whole = kind.request(fields).partition(b"\r\n\r\n")[2]
            return kind.raw_request(spoilt_bytes(random, whole))
    return kind.request(fields)
