"""Actions on organizations and their pre-validations: this gateway's own (O1, O8, O11)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.doors.reseller import answers
from gateway.doors.reseller.envelope import timestamp
from gateway.doors.reseller.parameters import PAGING, ActionCall, action, page_bounds
from gateway.errors.organization import InvalidDetail
from gateway.errors.request import ArgumentInvalid, ArgumentMissing
from gateway.rules.organization.organizations import IDENTIFIERS, OrganizationDetails
from gateway.rules.organization.prevalidations import TYPES, number_of
from gateway.usecases.organization import organizations, prevalidations
from gateway.usecases.organization.organizations import StoredOrganization
from gateway.usecases.organization.prevalidations import NewPrevalidation, Prevalidation
from gateway.web.forms import Parameter, ParameterKind, choice, text

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _organization_id(sent: str) -> UUID:
    if not re.fullmatch(_UUID, sent):
        raise ValueError(sent)
    return UUID(sent)


_ID_KIND = ParameterKind(
    _organization_id, {"type": "string", "format": "uuid", "pattern": f"^{_UUID}$"}, 36
)
_ID = Parameter("organizationID", _ID_KIND, required=True, description="From ADDORGANIZATION.")

_ARGUMENTS = {
    "name": "organizationName",
    "country": "countryName",
    "locality": "localityName",
    "state_or_province": "stateOrProvinceName",
    "street": "streetAddress",
    "postal_code": "postalCode",
    "applicant_name": "applicantName",
    "applicant_email": "applicantEmailAddress",
    "applicant_phone": "applicantPhone",
}
"""Details by their arguments. Identifiers are arguments by their kinds."""

_OTHER_ARGUMENTS = {
    "organization": "organizationID",
    "domains": "domainNames",
    "type": "prevalidationType",
    "previous": "renewsAnchorOrderNumber",
}

_DETAILS = (
    Parameter("organizationName", text(64), required=True, description="Legal name."),
    Parameter("countryName", text(2), required=True, description="ISO 3166-1, like `DE`."),
    Parameter("localityName", text(128), description="This, stateOrProvinceName, or both."),
    Parameter("stateOrProvinceName", text(128), description="This, localityName, or both."),
    Parameter("streetAddress", text(128), description="Street and number."),
    Parameter("postalCode", text(40), description="Postal code of the address."),
    Parameter("applicantName", text(128), description="Who applies for the organization."),
    Parameter("applicantEmailAddress", text(254), description="The applicant's mail address."),
    Parameter("applicantPhone", text(32), description="The applicant's telephone number."),
    Parameter("registrationNumber", text(64), description="In the register of companies."),
    Parameter("vatNumber", text(15), description="With the country, like `DE123456789`."),
    Parameter("lei", text(20), description="Legal Entity Identifier."),
    Parameter("duns", text(9), description="D-U-N-S number."),
)

_ORGANIZATION = answers.identifier(
    "organizationID", "The id of the organization, for other actions."
)
_ANCHOR = answers.number("ovAnchorOrderNumber", "The number of the pre-validation.")
_STATED = (answers.SUCCESS, _ORGANIZATION)
_STATES = ("requested", "in_validation", "valid", "expired", "rejected", "superseded")


@action("ADDORGANIZATION", *_DETAILS, answer=_STATED, writes=True)
async def add_organization(call: ActionCall) -> dict[str, Any]:
    """States an organization; nothing is validated by that."""
    with _argument_errors(call):
        organization_id = await organizations.add_organization(
            call.work,
            reseller_id=call.reseller.id,
            details=OrganizationDetails(**_stated(call.arguments)),
        )
    return {"success": True, "organizationID": str(organization_id)}


@action("UPDATEORGANIZATION", _ID, *_DETAILS, answer=_STATED, writes=True)
async def update_organization(call: ActionCall) -> dict[str, Any]:
    """States all details anew. Pre-validations keep what was validated: order a new one."""
    with _argument_errors(call):
        changed = await organizations.update_organization(
            call.work,
            reseller_id=call.reseller.id,
            organization_id=call.arguments["organizationID"],
            changes=_stated(call.arguments),
        )
    return {"success": True, "organizationID": str(changed.id)}


@action(
    "LISTORGANIZATIONS",
    *PAGING,
    answer=(
        answers.listing(
            "Organizations",
            "Oldest first; what was not stated is absent.",
            _ORGANIZATION,
            *(
                answers.text(each.name, each.description, optional=not each.required)
                for each in _DETAILS
            ),
            answers.instant("changedAt", "When it was stated last."),
        ),
    ),
)
async def list_organizations(call: ActionCall) -> dict[str, Any]:
    """Organizations as they were stated last, oldest first."""
    limit, offset = page_bounds(call.arguments)
    found = await organizations.list_organizations(
        call.work, call.reseller.id, limit=limit, offset=offset
    )
    return {"Organizations": [_organization(each) for each in found]}


@action(
    "ORDERPREVALIDATION",
    _ID,
    Parameter(
        "domainNames",
        text(32767),
        required=True,
        description="Separated by commas; each covers what is below it, too.",
    ),
    Parameter("prevalidationType", choice(*TYPES), default="OV"),
    Parameter(
        "renewsAnchorOrderNumber",
        text(128),
        conditional=True,
        description="A pre-validation of the organization that this one takes the place of.",
    ),
    answer=(
        answers.SUCCESS,
        _ANCHOR,
        answers.one_of("prevalidationState", "It waits for the validation.", "requested"),
    ),
    writes=True,
)
async def order_prevalidation(call: ActionCall) -> dict[str, Any]:
    """Asks for the organization to be validated as it is stated now. Costs nothing."""
    renewed = call.arguments["renewsAnchorOrderNumber"]
    previous = None if renewed is None else number_of(renewed)
    if renewed is not None and previous is None:
        raise ArgumentInvalid("renewsAnchorOrderNumber")
    wanted = NewPrevalidation(
        call.reseller.id,
        call.arguments["organizationID"],
        call.arguments["prevalidationType"],
        call.arguments["domainNames"].split(","),
        previous_number=previous,
    )
    with _argument_errors(call):
        number = await prevalidations.add_prevalidation(call.work, wanted)
    return {"success": True, "ovAnchorOrderNumber": number, "prevalidationState": "requested"}


@action(
    "LISTPREVALIDATIONS",
    Parameter("organizationID", _ID_KIND, description="Only those of this organization."),
    *PAGING,
    answer=(
        answers.listing(
            "Prevalidations",
            "In the order of their numbers.",
            _ANCHOR,
            _ORGANIZATION,
            answers.text("organizationName", "As it was validated."),
            answers.one_of(
                "prevalidationType", "As it was ordered; each holds for OV names.", *TYPES
            ),
            answers.one_of("prevalidationState", "Its state now.", *_STATES),
            answers.listing("domains", "What it covers, with all below.", answers.NAME),
            answers.instant("requestedAt", "When it was ordered."),
            answers.instant("validFrom", "First instant.", optional=True),
            answers.instant("expiresAt", "Last second.", optional=True),
            answers.number(
                "renewsAnchorOrderNumber", "The one that it takes the place of.", optional=True
            ),
        ),
    ),
)
async def list_prevalidations(call: ActionCall) -> dict[str, Any]:
    """Pre-validations with their states now, in the order of their numbers."""
    limit, offset = page_bounds(call.arguments)
    found = await prevalidations.list_prevalidations(
        call.work,
        reseller_id=call.reseller.id,
        organization_id=call.arguments["organizationID"],
        limit=limit,
        offset=offset,
    )
    return {"Prevalidations": [_prevalidation(each, call.work.now) for each in found]}


@contextmanager
def _argument_errors(call: ActionCall) -> Iterator[None]:
    """Turns InvalidDetail into E3 for its argument, or into E2 for a place that was not sent."""
    try:
        yield
    except InvalidDetail as invalid:
        argument = {**_ARGUMENTS, **_OTHER_ARGUMENTS}.get(invalid.field, invalid.field)
        if argument == "localityName" and call.arguments[argument] is None:
            raise ArgumentMissing(argument) from None
        raise ArgumentInvalid(argument) from None


def _stated(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All details: those that were not sent become empty."""
    stated = {field: arguments[argument] or "" for field, argument in _ARGUMENTS.items()}
    return {**stated, "identifiers": {kind: arguments[kind] or "" for kind in IDENTIFIERS}}


def _organization(organization: StoredOrganization) -> dict[str, Any]:
    details = organization.details
    stated = {
        _ARGUMENTS[each.name]: getattr(details, each.name)
        for each in fields(details)
        if each.name in _ARGUMENTS
    }
    return {
        "organizationID": str(organization.id),
        **{argument: value for argument, value in stated.items() if value},
        **details.identifiers,
        "changedAt": timestamp(organization.changed_at),
    }


def _prevalidation(prevalidation: Prevalidation, now: datetime) -> dict[str, Any]:
    instants = {"validFrom": prevalidation.valid_from, "expiresAt": prevalidation.expires_at}
    renews = prevalidation.previous_number
    return {
        "ovAnchorOrderNumber": prevalidation.number,
        "organizationID": str(prevalidation.organization_id),
        "organizationName": prevalidation.details.name,
        "prevalidationType": prevalidation.type,
        "prevalidationState": prevalidation.validity.state_at(now),
        "domains": [{"domainName": name} for name in prevalidation.domains],
        "requestedAt": timestamp(prevalidation.requested_at),
        **{name: timestamp(moment) for name, moment in instants.items() if moment is not None},
        **({} if renews is None else {"renewsAnchorOrderNumber": renews}),
    }
