"""acme 1.21.0, the library of certbot 1.21: its CSRs say that they are of version 3."""

import os
import sys
from pathlib import Path

import josepy
import OpenSSL
from acme import challenges, client, crypto_util, messages
from cryptography.hazmat.primitives.asymmetric import rsa

CRYPTO = OpenSSL.crypto
WEBROOT = Path(os.environ["WEBROOT"])


def pem_of_new_key():
    key = CRYPTO.PKey()
    key.generate_key(CRYPTO.TYPE_RSA, 2048)
    return CRYPTO.dump_privatekey(CRYPTO.FILETYPE_PEM, key)


def registered():
    account_key = josepy.JWKRSA(key=rsa.generate_private_key(65537, 2048))
    network = client.ClientNetwork(account_key)
    directory = messages.Directory.from_json(network.get(os.environ["DIRECTORY"]).json())
    made = client.ClientV2(directory, network)
    assert made.external_account_required()
    binding = messages.ExternalAccountBinding.from_data(
        account_key.public_key(), os.environ["EAB_KID"], os.environ["EAB_MAC_KEY"], directory
    )
    account = made.new_account(
        messages.NewRegistration.from_data(
            email="admin@example.com",
            terms_of_service_agreed=True,
            external_account_binding=binding,
        )
    )
    assert made.query_registration(account).body.status == "valid"
    return made


def issue(acme, names):
    order = acme.new_order(crypto_util.make_csr(pem_of_new_key(), names))
    for authorization in order.authorizations:
        if authorization.body.status == messages.STATUS_VALID:
            continue
        [challenge] = [
            each
            for each in authorization.body.challenges
            if isinstance(each.chall, challenges.HTTP01)
        ]
        response, answer = challenge.response_and_validation(acme.net.key)
        (WEBROOT / challenge.chall.encode("token")).write_text(answer)
        acme.answer_challenge(challenge, response)
    return acme.poll_and_finalize(order).fullchain_pem


def main(names):
    acme = registered()
    Path("first.pem").write_text(issue(acme, names))
    Path("second.pem").write_text(issue(acme, names))
    leaf = CRYPTO.load_certificate(CRYPTO.FILETYPE_PEM, Path("second.pem").read_bytes())
    acme.revoke(josepy.ComparableX509(leaf), 4)


main(sys.argv[1:])
