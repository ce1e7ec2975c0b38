"""revokeCert (RFC 8555 §7.6)."""

from gateway.doors.acme.door import AcmeDoor
from gateway.doors.acme.jws import decode_base64url
from gateway.doors.acme.payload import Payload
from gateway.doors.acme.reply import Reply
from gateway.doors.acme.signed_request import AcmeCall
from gateway.usecases.acme import revocation
from gateway.usecases.acme.revocation import Revoke


class RevokeForm(Payload):
    """The payload of revokeCert (RFC 8555 §7.6); `reason` is a CRLReason (RFC 5280 §5.3.1)."""

    certificate: str
    reason: int = 0


async def revoke(door: AcmeDoor, call: AcmeCall) -> Reply:
    """Revokes a certificate; its own key, or an account that may revoke it, signs the request."""
    form = call.read(RevokeForm)
    wanted = Revoke(
        call.server.id,
        decode_base64url(form.certificate, "The certificate"),
        form.reason,
        call.client.address,
    )
    if call.account_id is None:
        await revocation.revoke_by_key(door.services, call.key.spki, wanted)
    else:
        await revocation.revoke_by_account(door.services, call.take_ticket(), wanted)
    return Reply(None)
