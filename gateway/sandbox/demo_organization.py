"""The demo reseller's organization, validated for example.com until the sandbox's CA ends."""

from datetime import UTC, datetime

from gateway.clock import Clock
from gateway.db.pool import Pool
from gateway.origin import Origin
from gateway.rules.organization.organizations import OrganizationDetails
from gateway.sandbox import demo_data
from gateway.usecases.organization import organizations, prevalidations
from gateway.usecases.organization.prevalidations import NewPrevalidation
from gateway.usecases.work import open_work

DETAILS = OrganizationDetails(
    name="Example Organization GmbH",
    country="DE",
    locality="Berlin",
    state_or_province="Berlin",
    street="Beispielstr. 1",
    postal_code="10115",
    applicant_name="Erika Mustermann",
    applicant_email="erika@example.com",
    identifiers={"registrationNumber": "HRB 123456"},
)
_DOMAINS = ("example.com",)
_VALID_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_EXPIRES_AT = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)
_OPERATOR = Origin("operator:sandbox")


async def add(pool: Pool, clock: Clock) -> int:
    """Adds the organization; gives its anchor order number, of now or of an earlier start.

    The reseller must exist.
    """
    now = await clock.now()
    async with open_work(pool, now, _OPERATOR) as work:
        demo = await organizations.reseller_called(work, demo_data.LOGIN)
        earlier = await prevalidations.list_prevalidations(work, reseller_id=demo, limit=1)
        if earlier:
            return earlier[0].number
        organization_id = await organizations.add_organization(
            work, reseller_id=demo, details=DETAILS
        )
        return await prevalidations.add_prevalidation(
            work,
            NewPrevalidation(demo, organization_id, "OV", _DOMAINS, _VALID_FROM, _EXPIRES_AT),
        )
