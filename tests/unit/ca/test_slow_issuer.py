"""The stand-in for an upstream CA keeps the promises of the Issuer protocol."""

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from msgspec.structs import replace

from gateway import ids
from gateway.ca.issuer import Failed, Immediate, Issued, Issuer, Pending
from gateway.ca.local.issuer import LocalCa
from tests.support.csrs import NOW, certificate_request
from tests.support.slow_issuer import SlowIssuer


async def test_it_is_an_issuer_that_is_not_immediate(ca: LocalCa, tmp_path: Path) -> None:
    issuer: Issuer = SlowIssuer(ca, tmp_path / "record")
    assert not isinstance(issuer, Immediate)
    assert (issuer.id, issuer.name, issuer.chain_pem()) == (ca.id, ca.name, ca.chain_pem())


async def test_it_signs_after_so_many_asks(ca: LocalCa, tmp_path: Path) -> None:
    issuer = SlowIssuer(ca, tmp_path / "record", pending_answers=2, retry_after_seconds=7)
    request = certificate_request()
    state = None
    for _ in range(2):
        answer = await issuer.issue(request, state)
        assert isinstance(answer, Pending)
        assert answer.retry_after_seconds == 7
        state = answer.state
    issued = await issuer.issue(request, state)
    assert isinstance(issued, Issued)
    assert x509.load_der_x509_certificate(issued.der).serial_number == request.serial_number
    assert issuer.asked(request.order_id) == 3


async def test_it_signs_after_its_time(ca: LocalCa, tmp_path: Path) -> None:
    issuer = SlowIssuer(ca, tmp_path / "record", pending_answers=0, seconds=60)
    request = certificate_request()
    assert isinstance(await issuer.issue(request, None), Pending)
    issuer.seconds = 0
    assert isinstance(await issuer.issue(request, None), Issued)


async def test_an_order_has_one_certificate_over_restarts(ca: LocalCa, tmp_path: Path) -> None:
    request = certificate_request()
    first = await SlowIssuer(ca, tmp_path / "record", pending_answers=0).issue(request, None)
    again = replace(
        request, serial_number=ids.new_serial_number(), not_before=NOW + timedelta(hours=1)
    )
    restarted = SlowIssuer(ca, tmp_path / "record", pending_answers=5, failure="no more")
    assert await restarted.issue(again, None) == first
    other = certificate_request()
    assert isinstance(await restarted.issue(other, None), Failed)


async def test_it_can_refuse(ca: LocalCa, tmp_path: Path) -> None:
    issuer = SlowIssuer(ca, tmp_path / "record", failure="the account is over quota")
    assert await issuer.issue(certificate_request(), None) == Failed("the account is over quota")


async def test_it_remembers_what_was_revoked(ca: LocalCa, tmp_path: Path) -> None:
    issuer = SlowIssuer(ca, tmp_path / "record")
    await issuer.revoke("0abc", 5, NOW)
    assert issuer.revoked() == {"0abc": 5}
