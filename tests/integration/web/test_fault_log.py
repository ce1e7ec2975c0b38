"""Which faults of requests are logged for operators."""

import logging
from collections.abc import Callable

import pytest
from aiohttp import ClientSession, web

from gateway.web.front.fault_log import FAULT_LOG


async def logged(
    caplog: pytest.LogCaptureFixture, raising: Callable[[], Exception]
) -> list[logging.LogRecord]:
    """What is logged of a request whose handler raises that."""

    async def handler(request: web.BaseRequest) -> web.Response:
        raise raising()

    runner = web.ServerRunner(web.Server(handler, logger=FAULT_LOG))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 500
    finally:
        await runner.cleanup()
    return [each for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("raising", [ValueError, OSError, ConnectionResetError])
async def test_an_exception_of_a_handler_is_logged_with_its_stack(
    caplog: pytest.LogCaptureFixture, raising: Callable[[], Exception]
) -> None:
    [record] = await logged(caplog, raising)
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], raising)  # type: ignore[arg-type]


async def test_a_body_that_a_client_broke_is_not_logged_as_a_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await logged(caplog, web.RequestPayloadError) == []
