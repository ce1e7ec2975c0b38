"""Idempotency-Key: the same request once, another one refused, a refused one forgotten."""

import asyncio

import pytest

from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.support.action_door import OPERATOR, PASSWORD, START, Answered, Door, serve

DV = "https://gateway.test/v2/DV"
OV = "https://gateway.test/v2/OV"


async def preregister(door: Door, key: str, url: str = DV, **fields: str) -> Answered:
    return await door.action(
        "PREREGISTER", serverUrl=url, headers={"Idempotency-Key": key}, **fields
    )


async def credentials(door: Door) -> int:
    async with door.pool.acquire() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM subscription.eab_credential"))


async def test_the_same_request_gets_the_stored_answer(door: Door) -> None:
    first = await preregister(door, "k")
    again = await preregister(door, "k")
    assert first.status == again.status == 200
    assert first.text == again.text
    assert await credentials(door) == 1


async def test_spelling_and_order_do_not_make_another_request(door: Door) -> None:
    first = await preregister(door, "k", years="2")
    form = [
        ("years", "2"),
        ("SERVERURL", DV),
        ("loginPassword", PASSWORD),
        ("loginName", "acme-hosting"),
        ("action", "PREREGISTER"),
    ]
    again = await door.post(form, headers={"Idempotency-Key": "k"})
    assert again.text == first.text


async def test_another_request_under_the_key_is_409_and_changes_nothing(door: Door) -> None:
    await preregister(door, "k")
    before = await door.state()
    for answered in (await preregister(door, "k", OV), await preregister(door, "k", years="3")):
        assert answered.status == 409
        assert answered.json["type"] == "urn:sectigo:params:acme:error:malformed"
    assert await door.state() == before


async def test_other_keys_and_other_resellers_are_other_requests(door: Door) -> None:
    async with open_work(door.pool, START, OPERATOR) as work:
        await resellers.add_reseller(work, login="other", password=PASSWORD)
    answers = [
        await preregister(door, "k"),
        await preregister(door, "K"),
        await preregister(door, "k", loginName="other"),
    ]
    assert len({answered.text for answered in answers}) == 3


async def test_the_answer_is_kept_for_24_hours_of_business_time(door: Door) -> None:
    first = await preregister(door, "k")
    door.clock.advance(hours=23, minutes=59, seconds=59)
    assert (await preregister(door, "k")).text == first.text
    door.clock.advance(seconds=1)
    assert (await preregister(door, "k", OV)).status == 200
    assert await credentials(door) == 2


async def test_outdated_answers_are_deleted_by_later_requests(door: Door) -> None:
    for number in range(5):
        await preregister(door, f"old {number}")
    door.clock.advance(hours=24)
    await preregister(door, "new")
    async with door.pool.acquire() as connection:
        keys = await connection.fetch("SELECT key FROM reseller.idempotency")
    assert [row["key"] for row in keys] == ["new"]


async def test_a_refused_request_leaves_its_key_free(door: Door) -> None:
    assert (await preregister(door, "k", "https://gateway.test/v2/XX")).status == 400
    assert (await preregister(door, "k")).status == 200


async def test_requests_at_the_same_moment_on_two_processes_run_once(door: Door) -> None:
    async with serve(door.services) as other:
        answers = await asyncio.gather(
            *(preregister(process, "k") for process in (door, other) for _ in range(5))
        )
    assert {answered.status for answered in answers} == {200}
    assert len({answered.text for answered in answers}) == 1
    assert await credentials(door) == 1


async def test_other_requests_at_the_same_moment_run_once_and_clash(door: Door) -> None:
    answers = await asyncio.gather(
        *(preregister(door, "k", years=str(1 + n % 3)) for n in range(9))
    )
    assert sorted(answered.status for answered in answers) == [200] * 3 + [409] * 6
    assert await credentials(door) == 1


async def test_mac_keys_in_stored_answers_are_encrypted(door: Door) -> None:
    made = (await preregister(door, "k")).json["Accounts"][0]
    async with door.pool.acquire() as connection:
        stored = await connection.fetchval("SELECT response FROM reseller.idempotency")
    assert made["eabMACKeyb64url"].encode() not in stored
    assert made["eabMACKeyb64url"].encode() in door.services.vault.decrypt(stored)


async def test_reading_actions_ignore_the_key(door: Door) -> None:
    headers = {"Idempotency-Key": "k"}
    assert (await door.action("LISTBINDINGS", headers=headers)).json == {"Bindings": []}
    await door.preregister()
    assert len((await door.action("LISTBINDINGS", headers=headers)).json["Bindings"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
async def test_a_key_is_1_to_255_printable_ascii_characters(door: Door, key: str) -> None:
    answered = await preregister(door, key)
    assert answered.status == 400
    assert answered.json["detail"] == "The value of the 'Idempotency-Key' argument is invalid!"
    assert await credentials(door) == 0


async def test_the_longest_key_works(door: Door) -> None:
    assert (await preregister(door, "x" * 255)).status == 200


async def test_two_keys_in_one_request_are_refused(door: Door) -> None:
    form = {
        "action": "PREREGISTER",
        "loginName": "acme-hosting",
        "loginPassword": PASSWORD,
        "serverUrl": DV,
    }
    headers = [("X-Forwarded-Proto", "https"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    async with door.session.post(door.url, data=form, headers=headers) as response:
        assert response.status == 400
