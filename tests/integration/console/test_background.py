"""Background work, destinations, issuers and CRLs, health."""

import re
from datetime import timedelta

import pytest

from gateway.sandbox import demo_data
from gateway.usecases.ca.crl import sign_crls
from tests.support.console import ConsolePerson
from tests.support.gateway import RunningGateway
from tests.support.looked_up import failed_job, failing_destination


async def health(operator: ConsolePerson) -> dict[str, str]:
    text = (await operator.get("/console/health")).text
    rows = re.findall(
        r'data-health="([^"]+)">\s*<td>[^<]*</td>\s*<td>(?:<strong[^>]*>)?([^<]+)', text
    )
    return dict(rows)


async def test_failed_work_is_shown_with_its_problem_and_retried(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    number = await failed_job(gateway)
    page = await operator.get("/console/jobs")
    assert f'data-job="{number}"' in page.text
    assert "no answer" in page.text
    assert "Failed: 1" in page.text
    answer = await operator.submit("/console/jobs", f"retry-{number}")
    assert (answer.status, answer.to) == (303, "/console/jobs")
    query = "SELECT actor, subject FROM audit.event WHERE action = 'job.retried'"
    [event] = await gateway.pool.fetch(query)
    assert tuple(event) == (f"operator:{demo_data.OPERATOR}", number)
    again = await operator.post(
        f"/console/jobs/{number}/retry",
        {**page.hidden(f"retry-{number}"), "once": "another-key-of-24-letters"},
    )
    assert again.status == 422
    assert "has not failed" in again.text


async def test_all_failed_work_is_retried_at_once(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    for subject in ("1", "2", "3"):
        await failed_job(gateway, subject)
    await operator.submit("/console/jobs", "retry-all")
    page = await operator.get("/console/jobs")
    assert "Jobs that are taken up again: 3." in page.text
    assert "Nothing has failed for good." in page.text


@pytest.mark.parametrize("state", ["running", "waiting", "nonsense", ""])
async def test_work_of_each_state_is_listed(operator: ConsolePerson, state: str) -> None:
    assert (await operator.get(f"/console/jobs?state={state}")).status == 200


@pytest.mark.parametrize("job", ["nonsense", "9" * 30, "%00"])
async def test_work_that_is_none_is_not_found(
    gateway: RunningGateway, operator: ConsolePerson, job: str
) -> None:
    await failed_job(gateway)
    fields = (await operator.get("/console/jobs")).hidden("retry-all")
    assert (await operator.post(f"/console/jobs/{job}/retry", fields)).status == 404


async def test_a_failing_destination_is_shown_and_tried_at_once(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    empty = await operator.get("/console/destinations")
    assert "All destinations take their notices." in empty.text
    destination = await failing_destination(gateway)
    assert (await health(operator))["Destinations of notices"] == "not well"
    page = await operator.get("/console/destinations")
    assert "mailbox full" in page.text
    form = f"resume-{destination.replace('-', '')}"
    answer = await operator.submit("/console/destinations", form)
    assert answer.status == 303
    status = "SELECT status FROM notice.destination"
    assert await gateway.pool.fetchval(status) == "active"
    for key in ("nonsense", "0190b7a2-0000-7000-8000-000000000000"):
        path = f"/console/destinations/{key}/resume"
        fields = {**page.hidden(form), "once": "another-key-of-24-letters"}
        assert (await operator.post(path, fields)).status == 404


async def test_an_auditor_may_retry_nothing(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    await failed_job(gateway)
    await failing_destination(gateway)
    await gateway.pool.execute("UPDATE operation.operator SET role = 'auditor'")
    for path in ("/console/jobs", "/console/destinations"):
        assert (await operator.get(path)).text.count('<form method="post"') == 1


async def test_issuers_are_shown_with_what_they_can_and_how_fresh_their_crls_are(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    services = gateway.services
    await sign_crls(services, await services.clock.now())
    page = (await operator.get("/console/issuers")).text
    assert 'data-issuer="local"' in page
    assert "DV, OV" in page
    assert crl_state(page) == "fresh"
    now = await services.clock.now()
    for age, state in ((timedelta(days=3), "late"), (timedelta(days=8), "ended")):
        await gateway.pool.execute(
            "UPDATE ca.crl SET this_update = $1, next_update = $2",
            now - age,
            now - age + timedelta(days=7),
        )
        assert crl_state((await operator.get("/console/issuers")).text) == state
    await gateway.pool.execute("DELETE FROM ca.crl")
    assert crl_state((await operator.get("/console/issuers")).text) == "none"


def crl_state(page: str) -> str:
    [state] = re.findall(
        r'data-crl="local">\s*<td>local</td>\s*<td>(?:<strong class="error">)?(\w+)', page
    )
    return str(state)


async def test_health_says_what_is_not_well(
    gateway: RunningGateway, operator: ConsolePerson
) -> None:
    found = await health(operator)
    assert found["Database"] == "well"
    assert found["Failed work"] == "well"
    assert found["Orders at issuers"] == "well"
    await failed_job(gateway)
    await gateway.pool.execute(
        """
        INSERT INTO job.queue (priority, status, entrypoint, payload, execute_after)
        VALUES (0, 'queued', 'nobody-does-it', '{"subject": "1", "due_at": "x"}',
                now() - interval '10 minutes')
        """
    )
    found = await health(operator)
    assert found["Failed work"] == "not well"
    assert found["Background work"] == "not well"
