"""sewer 0.8.2, which does not know EAB: it gets the key of an account that is already bound.

Its CSRs say that they are of version 3, and it expects the certificate's URL in finalize's answer.
"""

import os
import sys
from pathlib import Path

from sewer.auth import HTTPProviderBase
from sewer.client import Client

WEBROOT = Path(os.environ["WEBROOT"])


class Webroot(HTTPProviderBase):
    def setup(self, challenges):
        for challenge in challenges:
            (WEBROOT / challenge["token"]).write_text(challenge["key_auth"])
        return []

    def clear(self, challenges):
        for challenge in challenges:
            (WEBROOT / challenge["token"]).unlink()
        return []


def issue(name, *others):
    client = Client(
        domain_name=name,
        domain_alt_names=list(others),
        provider=Webroot(),
        account_key=Path(os.environ["ACCOUNT_KEY"]).read_text(),
        ACME_DIRECTORY_URL=os.environ["DIRECTORY"],
        ACME_AUTH_STATUS_WAIT_PERIOD=1,
        ACME_AUTH_STATUS_MAX_CHECKS=10,
    )
    return client.get_certificate()


Path("first.pem").write_text(issue(*sys.argv[1:]))
Path("second.pem").write_text(issue(*sys.argv[1:]))
