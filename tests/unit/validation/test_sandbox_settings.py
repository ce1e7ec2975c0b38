"""Which settings a sandbox takes from its environment, and which it does not need."""

from pathlib import Path

import pytest

from gateway.config import Listen, Settings
from gateway.sandbox.run import SandboxOptions, _Kept, _settings
from gateway.usecases.acme.perspective import methods_of

DRAFTS = '["http-01", "dns-01", "dns-persist-01"]'


def sandbox(tmp_path: Path, *, dns: str | None = None) -> Settings:
    wanted = SandboxOptions(
        state=tmp_path, port=8443, public_url=None, http_port=1, tls_port=2, dns=dns
    )
    return _settings(wanted, tmp_path, "postgresql:///x", Listen(plain_http_port=3), _Kept())


def test_drafts_are_offered_in_a_sandbox_only_when_the_environment_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert methods_of(sandbox(tmp_path)) == ("http-01", "dns-01", "tls-alpn-01")
    monkeypatch.setenv("GATEWAY_VALIDATION__METHODS", DRAFTS)
    settings = sandbox(tmp_path)
    assert methods_of(settings) == ("http-01", "dns-01", "dns-persist-01")
    assert (settings.validation.http_port, settings.validation.tls_port) == (1, 2)


def test_dnssec_is_waived_where_no_resolver_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_VALIDATION__REQUIRE_DNSSEC", "true")
    assert not sandbox(tmp_path).dnssec_required()
    assert sandbox(tmp_path, dns="192.0.2.1:53").dnssec_required()
