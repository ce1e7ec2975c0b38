"""acmeow, which binds its account when the directory says that it must."""

import os
import sys
from pathlib import Path

from acmeow import AcmeClient, CallbackHttpHandler, ChallengeType, Identifier, RevocationReason

WEBROOT = Path(os.environ["WEBROOT"])
ANSWERS = CallbackHttpHandler(
    lambda name, token, answer: (WEBROOT / token).write_text(answer),
    lambda name, token: (WEBROOT / token).unlink(),
)


def issue(acme, names):
    acme.create_order([Identifier.dns(name) for name in names])
    acme.complete_challenges(ANSWERS, ChallengeType.HTTP)
    acme.finalize_order()
    chain, _ = acme.get_certificate()
    return chain


def main(names):
    with AcmeClient(os.environ["DIRECTORY"], "admin@example.com", "acmeow") as acme:
        acme.set_external_account_binding(os.environ["EAB_KID"], os.environ["EAB_MAC_KEY"])
        acme.create_account()
        Path("first.pem").write_text(issue(acme, names))
        acme.update_account("other@example.com")
        acme.key_rollover()
        Path("second.pem").write_text(issue(acme, names))
        acme.revoke_certificate(Path("second.pem").read_text(), RevocationReason.SUPERSEDED)


main(sys.argv[1:])
