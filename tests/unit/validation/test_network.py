"""Which addresses a gateway's settings let its checks connect to."""

from pathlib import Path
from typing import Any

from gateway.config import Ca, Secret, Secrets, Settings, Validation
from gateway.usecases.acme.perspective import network_of
from gateway.validation.addresses import objection


def settings(**validation: Any) -> Settings:
    return Settings(
        database="postgresql:///gateway",
        public_url="https://acme.example.com",
        secrets=Secrets(keys=[Secret("key")]),
        ca=Ca(directory=Path("ca")),
        validation=Validation(**validation),
    )


def test_production_connects_to_public_addresses_only() -> None:
    trusted = network_of(settings()).trusted
    assert objection("10.1.2.3", trusted) == "a private address"
    assert objection("8.8.8.8", trusted) is None


def test_networks_that_the_operator_names_are_connected_to_and_no_others() -> None:
    trusted = network_of(settings(private_networks=["10.1.0.0/16"])).trusted
    assert objection("10.1.2.3", trusted) is None
    assert objection("10.2.2.3", trusted) == "a private address"
