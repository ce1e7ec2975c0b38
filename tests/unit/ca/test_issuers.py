"""The registry: who is asked, and what an issuer can do."""

from pathlib import Path
from typing import Any

import pytest

from gateway.ca.issuer import CAPABILITIES, Immediate
from gateway.ca.issuers import KINDS, Issuers, choose, names_in, open_issuers
from gateway.ca.local.issuer import LocalCa
from gateway.config import Ca
from gateway.errors import ConfigurationError, OperatorMistake
from gateway.errors.ca import IssuerMissing
from tests.support.action_door import settings
from tests.support.csrs import NOW
from tests.support.slow_issuer import UPSTREAM, SlowIssuer, slow_kind


def named(tmp_path: Path, *names: str) -> Any:
    return settings(ca=Ca(directory=tmp_path, crl_url="http://x.example", names=list(names)))


@pytest.fixture
def two(tmp_path: Path) -> Issuers:
    return Issuers(
        LocalCa.create_or_load(tmp_path, NOW, base_url="http://x.example", name=name)
        for name in ("local", "internal")
    )


def test_the_first_that_there_is_is_asked(two: Issuers) -> None:
    assert two.of(["internal", "local"]).name == "internal"
    assert two.of(["gone", "local", "internal"]).name == "local"
    with pytest.raises(IssuerMissing, match="gone or away"):
        two.of(["gone", "away"])


def test_for_one_that_was_asked_no_other_is(two: Issuers) -> None:
    assert two.named("internal").name == "internal"
    with pytest.raises(IssuerMissing):
        two.named("gone")


def test_what_stands_before_an_issuer_is_asked_and_the_issuer_keeps_the_rest(
    two: Issuers, tmp_path: Path
) -> None:
    ca = two.find("internal")
    assert isinstance(ca, LocalCa)
    assert two.immediate("internal") is ca
    front = SlowIssuer(ca, tmp_path / "record")
    two.put_before(front)
    assert two.named("internal") is front
    assert two.immediate("internal") is None
    assert two.find("internal") is ca
    assert [issuer.name for issuer in two] == ["local", "internal"]
    assert isinstance(two.immediate("local"), Immediate)


def test_a_kind_says_what_its_issuers_can_do(two: Issuers, tmp_path: Path) -> None:
    """What the list says of the class holds for the object, and nothing else does."""
    ca = two.find("local")
    assert isinstance(ca, LocalCa)
    with slow_kind(tmp_path / "record"):
        for kind, issuer in (("local", ca), ("slow", SlowIssuer(ca, tmp_path / "record"))):
            able = [name for name, protocol in CAPABILITIES.items() if isinstance(issuer, protocol)]
            assert KINDS[kind].capabilities() == able
    assert KINDS["local"].capabilities() == ["immediate", "crl", "download", "lint", "own-root"]


async def test_the_settings_name_the_local_cas(tmp_path: Path) -> None:
    wanted = named(tmp_path, "local", "internal")
    assert list(names_in(wanted)) == ["local", "internal"]
    assert [issuer.name for issuer in await open_issuers(wanted)] == ["local", "internal"]
    assert list(await open_issuers(named(tmp_path))) == []


def test_local_is_the_only_one_unless_said_otherwise(tmp_path: Path) -> None:
    assert list(names_in(settings(ca=Ca(directory=tmp_path)))) == ["local"]


def test_two_kinds_cannot_share_a_name(tmp_path: Path) -> None:
    with (
        slow_kind(tmp_path / "record"),
        pytest.raises(ConfigurationError, match=f"two issuers are named '{UPSTREAM}'"),
    ):
        names_in(named(tmp_path, UPSTREAM))


@pytest.mark.parametrize(
    "name",
    ["", "Local", "a b", "a/b", "-a", "a-", "a--b", "local-1", "a-2-b", "x" * 41, "a.b", "\u00fc"],
)
def test_a_name_that_urls_of_another_could_mean_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="an issuer's name has"):
        Ca(directory=tmp_path, names=[name])


@pytest.mark.parametrize("name", ["a", "local", "internal-ca", "ca2", "2", "x-2y"])
def test_other_names_will_do(tmp_path: Path, name: str) -> None:
    assert Ca(directory=tmp_path, names=[name]).names == [name]


def test_a_name_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        Ca(directory=tmp_path, names=["local", "local"])


def test_operators_choose_among_those_of_the_settings(tmp_path: Path) -> None:
    wanted = named(tmp_path, "internal", "local")
    assert choose(wanted, ["local", "internal", "local"]) == ["local", "internal"]
    assert choose(wanted, None) == ["internal"]
    with pytest.raises(OperatorMistake, match="there is no issuer 'gone'; the settings have"):
        choose(wanted, ["local", "gone"])
    with pytest.raises(OperatorMistake, match="the settings have none"):
        choose(named(tmp_path), None)
