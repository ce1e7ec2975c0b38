"""A year and a half of one reseller's requests at all doors, for all products.

tests/integration/every_action looks at the resulting state from other instants, and compares the
answers with the documents.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.usecases.reseller import resellers
from gateway.usecases.work import open_work
from tests.support.acme_client import AcmeClient, Eab, base64url, make_csr
from tests.support.certificate_shop import CertificateShop, application, purchase, shop_of
from tests.support.challenge_server import ChallengeServer
from tests.support.organizations import EXPIRES, approve
from tests.support.shop import OPERATOR

START, END = "2025-01-10T15:30:00Z", "2026-06-20T12:00:00Z"

_OWNER = "owner@shop.example"

STATED = {
    "organizationName": "Acme Hosting Ltd",
    "countryName": "GB",
    "localityName": "London",
    "stateOrProvinceName": "Greater London",
    "streetAddress": "1 High Street",
    "postalCode": "N1",
    "applicantName": "Ann",
    "applicantEmailAddress": "ann@example.com",
    "applicantPhone": "+44 20 7946 0000",
    "registrationNumber": "01234567",
    "vatNumber": "GB123456789",
    "lei": "5493001KJTIIGC8Y1R12",
    "duns": "150483782",
}
"""All details of an organization."""


@dataclass
class Records:
    """Every answer of the text and JSON doors, by the action or request that got it."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    statuses: list[tuple[str, int, str]] = field(default_factory=list)
    """What was asked, the HTTP status, and the code or type of an error."""
    refusals: list[tuple[str, Any]] = field(default_factory=list)
    """Error answers of the action door, by the action."""

    def keep(self, what: str, status: int, answer: Any, error: str) -> None:
        self.statuses.append((what, status, error))
        if not error:
            self.answers.setdefault(what, []).append(answer)

    def failures(self) -> list[tuple[str, int, str]]:
        """Faults of the gateway itself."""
        return [
            (what, status, error)
            for what, status, error in self.statuses
            if status >= 500 or error.endswith("serverInternal") or error == "-14"
        ]


@dataclass
class ResellerHistory:
    """One reseller's clients of all doors, and the objects it has."""

    gateway: Any
    web: ChallengeServer
    records: Records = field(default_factory=Records)
    accounts: dict[str, str] = field(default_factory=dict)
    """acmeAccountIDs: dv, again (a second subscription), grace, empty, gone, ov."""
    eabs: dict[str, Eab] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    """Order numbers of SiteLock products."""
    certificates: dict[str, str] = field(default_factory=dict)
    """cert_ids by their outcome."""
    anchors: list[str] = field(default_factory=list)
    organization: str = ""
    destinations: list[str] = field(default_factory=list)
    issued: list[Any] = field(default_factory=list)
    """ACME answers of certificate downloads."""
    ready: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = AcmeClient(self.gateway.session, self.gateway.directory_url)
        self.token: CertificateShop | None = None

    # --- the doors ---------------------------------------------------------------------------

    async def action(self, name: str, **fields: str) -> dict[str, Any]:
        """Sends an action; gives any answer. A `kind` may hold several, separated by spaces."""
        form = {"loginName": self.gateway.login, "loginPassword": self.gateway.password}
        data = [("action", name), *form.items()]
        for key, value in fields.items():
            data += [(key, part) for part in (value.split() if key == "kind" else [value])]
        async with self.gateway.session.post(self.gateway.actions_url, data=data) as response:
            answer: dict[str, Any] = await response.json()
            self.records.keep(name, response.status, answer, answer.get("type", ""))
            if response.status != 200:
                self.records.refusals.append((name, answer))
        return answer

    async def do(self, name: str, **fields: str) -> dict[str, Any]:
        """An action that must succeed."""
        answer = await self.action(name, **fields)
        assert "type" not in answer, (name, fields, answer)
        return answer

    async def product(self, endpoint: str, **fields: str) -> dict[str, str]:
        """Sends a form to an endpoint of the older products; gives any answer, as pairs."""
        url = f"{self.gateway.url}/products/!{endpoint}"
        form = {"loginName": self.gateway.login, "loginPassword": self.gateway.password}
        data = {"responseFormat": "1", **form, **fields}
        async with self.gateway.session.post(url, data=data) as response:
            text = (await response.text()).rstrip("\n")
            answer = {name: ",".join(of) for name, of in parse_qs(text, True, True).items()}
            code = answer["errorCode"]
            self.records.keep(endpoint, response.status, answer, "" if code == "0" else code)
        return answer

    async def order(self, product: str, days: str, domain: str, **fields: str) -> str:
        """A SiteLock order that must succeed; gives its number."""
        wanted = {"product": product, "domainName": domain, "appRepEmailAddress": _OWNER}
        if days:
            wanted["days"] = days
        answer = await self.product("AutoApplyOrder", **wanted, **fields)
        assert answer["errorCode"] == "0", answer
        self.orders.append(answer["orderNumber"])
        return answer["orderNumber"]

    async def certificate(self, method: str, path: str = "", what: str = "", **options: Any) -> Any:
        """Sends a request to the SSL certificate API; `what` names it in the records."""
        assert self.token is not None
        answer = await self.token.send(method, path, **options)
        error = answer.json.get("error_code", "")
        self.records.keep(what or f"{method} {path}", answer.status, answer.json, error)
        return answer.json

    async def at(self, iso_text: str) -> None:
        await self.gateway.at(iso_text)

    async def now(self) -> datetime:
        moment: datetime = await self.gateway.services.clock.now()
        return moment

    async def mismatches(self) -> int:
        found: int = await self.gateway.pool.fetchval("SELECT count(*) FROM ops.ledger_mismatch")
        return found

    # --- the requests ------------------------------------------------------------------------

    async def play(self) -> "ResellerHistory":
        """Makes all requests from START to END; the clock stands at END afterwards."""
        await self.at(START)
        async with open_work(self.gateway.pool, await self.now(), OPERATOR) as work:
            await resellers.deposit(work, self.gateway.login, Decimal("900000.00"))
        self.token = await shop_of(self.gateway, self.gateway.login, self.web)
        await self._subscribe()
        await self._organize()
        await self._order_sitelock()
        await self._order_ssl()
        await self._issue()
        await self._get_notices()
        await self._a_year_later()
        return self

    async def credential(self, name: str, url: str | None = None) -> str:
        made = await self.do("PREREGISTER", serverUrl=url or self.gateway.directory_url)
        account = made["Accounts"][0]
        self.eabs[name] = Eab(account["eabMACIDb64url"], account["eabMACKeyb64url"])
        self.accounts[name] = account["acmeAccountID"]
        return self.accounts[name]

    async def add(self, account: str, name: str, **fields: str) -> None:
        await self.do("ADDDOMAIN", acmeAccountID=account, domainName=name, **fields)

    async def remove(self, account: str, name: str) -> None:
        await self.do("REMOVEDOMAIN", acmeAccountID=account, domainName=name)

    async def _subscribe(self) -> None:
        dv, again, gone, empty = [
            await self.credential(name) for name in ("dv", "again", "gone", "empty")
        ]
        await self.add(dv, "a.example.com", quoteOnly="Y")
        await self.add(dv, "a.example.com", addAssociatedFQDN="Y")
        await self.add(dv, "*.b.example.com", addAssociatedFQDN="Y")
        await self.add(dv, "back.example.com")
        await self.remove(dv, "back.example.com")
        await self.action("ADDDOMAIN", acmeAccountID=dv, domainName="a.example.com")
        await self.add(again, "c.example.com")
        await self.add(gone, "d.example.com")
        await self.add(empty, "e.example.com")
        for action in ("SUSPENDACCOUNT", "UNSUSPENDACCOUNT", "DEACTIVATEACCOUNT"):
            await self.do(action, acmeAccountID=gone)

    async def _organize(self) -> None:
        self.organization = (await self.do("ADDORGANIZATION", **STATED))["organizationID"]
        await self.do("UPDATEORGANIZATION", organizationID=self.organization, **STATED)
        fields: dict[str, str]
        for kind, fields in (("OV", {}), ("EV", {}), ("OV", {}), ("OV", {})):
            ordered = await self.do(
                "ORDERPREVALIDATION",
                organizationID=self.organization,
                domainNames="example.com,example.net",
                prevalidationType=kind,
                **fields,
            )
            self.anchors.append(str(ordered["ovAnchorOrderNumber"]))
        first, ev, second, _ = self.anchors
        renewing = await self.do(
            "ORDERPREVALIDATION",
            organizationID=self.organization,
            domainNames="example.com",
            renewsAnchorOrderNumber=first,
        )
        self.anchors.append(str(renewing["ovAnchorOrderNumber"]))
        for number in (first, ev, second):
            await approve(self.gateway, int(number), EXPIRES)
        ov = await self.credential("ov", self.gateway.ov_directory_url)
        await self.add(ov, "www.example.com", ovAnchorOrderNumber=first, evAnchorOrderNumber=ev)
        await self.do(
            "UPDATEDOMAINS",
            acmeAccountID=ov,
            ovAnchorOrderNumber=second,
            oldOVAnchorOrderNumber=first,
        )

    async def _order_sitelock(self) -> None:
        refunded = await self.order("1060", "365", "refunded.example.com")
        await self.product("AutoRefund", orderNumber=refunded, refundReasonCode="11")
        cancelled = await self.order("1060", "30", "cancelled.example.com")
        await self.product(
            "modifyThirdPartyDetails", orderNumber=cancelled, product="1060", action="cancel"
        )
        upgraded = await self.order("1060,1069", "365", "upgraded.example.com")
        await self.order("1061", "365", "upgraded.example.com", previousOrderNumber=upgraded)
        await self.order("1060", "365", "ended.example.com")
        await self.order("1060", "30", "month.example.com")
        await self.order("1082", "", "once.example.com")
        await self.product("WebHostReport", showStatusDetails="Y")

    async def _order_ssl(self) -> None:
        shop = self.token
        assert shop is not None
        bought = await self.certificate("POST", what="buy", json=purchase("paid.example.com"))
        self.certificates["paid"] = bought["cert_id"]
        issued = await shop.issue("issued.example.com")
        self.certificates["issued"] = issued
        self.certificates["revoked"] = await shop.issue("revoked.example.com")
        await shop.revoke(self.certificates["revoked"])
        self.certificates["checking"] = await shop.buy("checking.example.com")
        path = f"/{self.certificates['checking']}"
        wanted = application("checking.example.com", domain_method="FILE")
        await self.certificate("POST", f"{path}/apply", what="apply", json=wanted)
        self.certificates["withdrawn"] = await shop.buy("withdrawn.example.com")
        path = f"/{self.certificates['withdrawn']}"
        wanted = application("withdrawn.example.com", domain_method="FILE")
        await self.certificate("POST", f"{path}/apply", what="apply", json=wanted)
        await self.certificate("POST", f"{path}/cancel-apply", what="withdraw")
        for name in ("unsubscribed", "waiting"):
            self.certificates[name] = await shop.buy(f"{name}.example.com")
            path = f"/{self.certificates[name]}/unsubscribe"
            answered = await self.certificate("DELETE", path, what="unsubscribe")
            if name == "unsubscribed":
                await shop.approve(int(answered["unsubscribe_results"].split()[1]))
        await self.certificate("GET", f"/{issued}", what="show")
        await self.certificate("GET", what="list")

    async def _issue(self) -> None:
        await self.client.register(self.eabs["dv"], contact=["mailto:ann@example.com"])
        self.issued = [await self.issue("a.example.com") for _ in range(3)]
        revoked = await self.client.post(
            await self.client.url("revokeCert"), {"certificate": certificate_of(self.issued[0])}
        )
        assert revoked.status == 200, revoked.body
        placed = await self.client.new_order("www.a.example.com", "a.example.com")
        for authorization in placed.json["authorizations"]:
            await self.web.prove(self.client, authorization)
        self.ready = await self.client.settled(placed.headers["Location"])

    async def issue(self, name: str) -> Any:
        """Gets a certificate over ACME by a new order."""
        placed = await self.client.new_order(name)
        assert placed.status == 201, placed.body
        for authorization in placed.json["authorizations"]:
            if (await self.client.post(authorization)).json["status"] == "pending":
                await self.web.prove(self.client, authorization)
        order = await self.client.settled(placed.headers["Location"])
        finalized = await self.client.finalize(order, make_csr([name]))
        assert finalized.status == 200, finalized.body
        return await self.client.post(finalized.json["certificate"])

    async def _get_notices(self) -> None:
        for where in (
            {"webhookUrl": "https://127.0.0.1:9/a", "kind": "balance.low issuance.refused"},
            {"emailAddress": "ann@example.com"},
        ):
            added = await self.do("ADDNOTICEDESTINATION", **where)
            self.destinations.append(added["destinationID"])
        await self.do("SETLOWBALANCE", lowBalance="250.00")

    async def _a_year_later(self) -> None:
        await self.at("2025-12-20T12:00:00Z")
        await self.do("EXTENDDOMAINS", acmeAccountID=self.accounts["dv"], quoteOnly="Y")
        await self.do("EXTENDDOMAINS", acmeAccountID=self.accounts["dv"])
        await self.order("1060", "365", "renewed.example.com")
        await self.at("2026-03-01T12:00:00Z")
        await self.add(self.accounts["again"], "c.example.com")
        await self.at("2026-06-01T12:00:00Z")
        late = await self.credential("late")
        await self.add(late, "late.example.com")
        self.issued.append(await self.issue("a.example.com"))
        await self.order("1060", "365", "late.example.com")
        assert self.token is not None
        self.certificates["late"] = await self.token.issue("late.example.com")
        await self.at(END)


def leaf_of(answer: Any) -> x509.Certificate:
    """The certificate in a download."""
    return x509.load_pem_x509_certificates(answer.body)[0]


def certificate_of(answer: Any) -> str:
    """The certificate in a download, encoded for revokeCert."""
    return base64url(leaf_of(answer).public_bytes(Encoding.DER))


def certificate_id(answer: Any) -> str:
    """The id of a downloaded certificate for renewalInfo (RFC 9773 §4.1)."""
    leaf = leaf_of(answer)
    key = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert key.key_identifier is not None
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1, "big")
    return f"{base64url(key.key_identifier)}.{base64url(serial)}"
