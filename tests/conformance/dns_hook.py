"""The hook by which ACME clients publish a TXT record in the test's name server (ZONE_URL).

certbot gives domain and value in the environment, lego and others as arguments.
"""

import os
import sys
from urllib.parse import urlencode
from urllib.request import urlopen


def main() -> None:
    operation, *rest = sys.argv[1:]
    if "CERTBOT_DOMAIN" in os.environ:
        name = f"_acme-challenge.{os.environ['CERTBOT_DOMAIN']}"
        value = os.environ["CERTBOT_VALIDATION"]
    else:
        name, value = rest[0], rest[1]
    query = urlencode({"name": name.rstrip("."), "value": value})
    urlopen(f"{os.environ['ZONE_URL']}/{operation}?{query}", data=b"").close()


main()
