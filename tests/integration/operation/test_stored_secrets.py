"""`[secrets]` that do not open stored secrets are reported before the gateway serves."""

import asyncio
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from msgspec import structs

from gateway.config import Secret, Secrets, Settings
from gateway.db.pool import Pool
from gateway.errors import ConfigurationError
from gateway.process.preparation import prepare
from gateway.store.operation.sealed import (
    APP_SECRETS,
    KINDS,
    MAC_KEYS,
    RESPONSES,
    WEBHOOK_SECRETS,
    SealedColumn,
)
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.second_factor import FACTOR_PAGE, OPERATOR, SETTINGS
from tests.support.server_process import write_config

COLUMNS = [kind.column for kind in KINDS]


async def seal_everything(gateway: RunningGateway) -> None:
    """One row of each kind, by the doors that make them."""
    form = {"action": "PREREGISTER", "loginName": gateway.login, "loginPassword": gateway.password}
    form |= {"serverUrl": gateway.directory_url}
    headers = {"Idempotency-Key": "first"}
    async with gateway.session.post(gateway.actions_url, data=form, headers=headers) as response:
        assert response.status == 200, await response.text()
    status, answer = await gateway.action(
        "ADDNOTICEDESTINATION", webhookUrl="https://hooks.example.com/x"
    )
    assert status == 200, answer
    person = ConsolePerson(gateway)
    await person.sign_in()
    assert (await person.submit(FACTOR_PAGE, "set-up-app")).status == 303
    await gateway.pool.execute("DELETE FROM reseller.idempotency WHERE key <> 'first'")


def with_keys(settings: Settings, *keys: str) -> Settings:
    return structs.replace(settings, secrets=Secrets(keys=[Secret(key) for key in keys]))


def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
async def sealed(gateway: RunningGateway) -> Settings:
    """Settings that fit what is stored, and rows of every kind."""
    await seal_everything(gateway)
    return gateway.services.settings


async def test_other_keys_are_refused_and_every_kind_of_row_is_named(sealed: Settings) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await prepare(with_keys(sealed, key()))
    text = str(refused.value)
    for column in COLUMNS:
        assert f"1 of 1 rows of {column} ('" in text
    assert "demo/first" in text
    assert "gAAAA" not in text, "a token is not for logs"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.column)
async def test_one_closed_row_between_open_ones_is_found(
    sealed: Settings, pool: Pool, kind: SealedColumn
) -> None:
    schema, table, column = kind.column.split(".")
    foreign = Fernet(key()).encrypt(b"x")
    await pool.execute(f"UPDATE {schema}.{table} SET {column} = $1", foreign)
    with pytest.raises(ConfigurationError, match=f"1 of 1 rows of {kind.column}") as refused:
        await prepare(sealed)
    assert sum(column in str(refused.value) for column in COLUMNS) == 1


async def test_the_rows_are_named_ten_of_each_column(
    gateway: RunningGateway, sealed: Settings, pool: Pool
) -> None:
    """Those that no key opens, between others that one does."""
    login = {"loginName": gateway.login, "loginPassword": gateway.password}
    form = {"action": "PREREGISTER", "serverUrl": gateway.directory_url, **login}
    for _ in range(14):
        async with gateway.session.post(gateway.actions_url, data=form) as response:
            assert response.status == 200
    kids = [row["kid"] for row in await pool.fetch("SELECT kid FROM subscription.eab_credential")]
    for closed, more in ((3, ""), (10, ""), (12, " and 2 more")):
        await pool.execute(
            "UPDATE subscription.eab_credential SET encrypted_mac_key = $1 WHERE kid = ANY($2)",
            Fernet(key()).encrypt(b"x"),
            kids[:closed],
        )
        with pytest.raises(ConfigurationError) as refused:
            await prepare(sealed)
        begin, _, named = str(refused.value).partition(" (")
        assert begin.endswith(f"{closed} of 15 rows of {MAC_KEYS.column}")
        named = named.partition(")")[0]
        assert named.endswith(more)
        named_ids = [each.strip("' ") for each in named.removesuffix(more).split(",")]
        assert len(named_ids) == len(set(named_ids)) == min(closed, 10)
        assert set(named_ids) <= set(kids[:closed])


async def test_keys_of_a_rotation_open_what_all_of_them_made(sealed: Settings) -> None:
    [old] = [each.get_secret_value() for each in sealed.secrets.keys]
    await prepare(with_keys(sealed, key(), old))
    await prepare(with_keys(sealed, key(), key(), old))


async def test_responses_that_are_given_no_more_and_removed_webhooks_do_not_matter(
    sealed: Settings, pool: Pool
) -> None:
    await pool.execute("UPDATE reseller.idempotency SET stored_at = stored_at - interval '25 h'")
    await pool.execute("UPDATE notice.destination SET status = 'removed'")
    with pytest.raises(ConfigurationError) as refused:
        await prepare(with_keys(sealed, key()))
    assert MAC_KEYS.column in str(refused.value)
    assert RESPONSES.column not in str(refused.value)
    assert WEBHOOK_SECRETS.column not in str(refused.value)
    assert APP_SECRETS.column in str(refused.value)


async def test_responses_to_operators_are_looked_at_too(
    gateway: RunningGateway, pool: Pool
) -> None:
    person = ConsolePerson(gateway)
    await person.sign_in(*OPERATOR)
    assert (await person.submit(SETTINGS, "end-others")).status == 303
    with pytest.raises(ConfigurationError, match=f"1 of 1 rows of {RESPONSES.column} .'operator/"):
        await prepare(with_keys(gateway.services.settings, key()))


async def test_every_column_that_is_encrypted_is_looked_at(pool: Pool) -> None:
    described = await pool.fetch(
        """
        SELECT attrelid::regclass || '.' || attname AS name
          FROM pg_attribute
         WHERE attnum > 0
           AND col_description(attrelid, attnum) LIKE '%MultiFernet%'
        """
    )
    assert {row["name"] for row in described} == set(COLUMNS)


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("jobs", "run"),
        ("notice", "webhook", "add", "demo", "https://hooks.example.com/other"),
        ("notice", "webhook", "rotate", "demo", "https://hooks.example.com/x"),
    ],
    ids=" ".join,
)
async def test_commands_that_need_the_secrets_answer_with_one_line(
    sealed: Settings, pool: Pool, tmp_path: Path, words: tuple[str, ...]
) -> None:
    free = {"port": 0, "plain_http_port": 0, "metrics_port": 0}
    elsewhere = structs.replace(sealed, listen=structs.replace(sealed.listen, **free))
    file = write_config(with_keys(elsewhere, key()), tmp_path / "gateway.toml")
    before = await pool.fetch("SELECT * FROM notice.destination")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *words, "--config", str(file)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    named_ids = errors.decode().splitlines()
    assert process.returncode == 1, named_ids
    assert len(named_ids) == 1, named_ids
    assert named_ids[0].startswith("gateway: secrets.keys does not open 1 of 1 rows of ")
    assert await pool.fetch("SELECT * FROM notice.destination") == before
