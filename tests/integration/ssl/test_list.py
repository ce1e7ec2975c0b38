"""GET /v3/scm/certificates: members, pages, order, filter (docs/wire.md §8)."""

from typing import Any

import pytest

from tests.support.certificate_shop import CertificateShop

MEMBERS = {
    "id",
    "name",
    "domain",
    "sans",
    "type",
    "brand",
    "expire_time",
    "domain_type",
    "validity_period",
    "status",
    "domain_count",
    "wildcard_count",
}


async def test_the_members_of_a_row(shop: CertificateShop) -> None:
    cert_id = await shop.buy(
        "shop.example.com", "*.example.com", "Example.COM.", name="my shop", validity_period=6
    )
    answer = await shop.do("GET")
    assert answer["total_count"] == 1
    [row] = answer["certificates"]
    assert row == {
        "id": cert_id,
        "name": "my shop",
        "domain": "shop.example.com",
        "sans": "*.example.com;example.com",
        "type": "DV_SSL_CERT",
        "brand": "LOCAL",
        "expire_time": None,
        "domain_type": "MULTI_DOMAIN",
        "validity_period": 6,
        "status": "PAID",
        "domain_count": 3,
        "wildcard_count": 1,
    }


async def test_pages_do_not_overlap_and_hold_everything(shop: CertificateShop) -> None:
    bought = {await shop.buy(f"n{number}.example.com") for number in range(23)}
    seen: list[str] = []
    for offset in ("0", "10", "20"):
        answer = await shop.do("GET", params={"limit": "10", "offset": offset})
        assert answer["total_count"] == 23
        seen += [row["id"] for row in answer["certificates"]]
    assert len(seen) == 23
    assert set(seen) == bought
    beyond = await shop.do("GET", params={"offset": "23"})
    assert beyond == {"certificates": [], "total_count": 23}
    assert len((await shop.do("GET", params={"limit": "50"}))["certificates"]) == 23
    assert len((await shop.do("GET"))["certificates"]) == 10


async def ids(shop: CertificateShop, **params: str) -> list[str]:
    return [row["id"] for row in (await shop.do("GET", params=params))["certificates"]]


async def test_sorting(shop: CertificateShop) -> None:
    issued_first = await shop.issue("www.example.com")
    await shop.gateway.advance(60)
    paid = await shop.buy("b.example.com")
    await shop.gateway.advance(60)
    issued_last = await shop.issue("c.example.com")
    by_update = [issued_last, paid, issued_first]
    assert await ids(shop) == by_update  # newest first without asking
    assert await ids(shop, sort_key="certUpdateTime", sort_dir="ASC") == by_update[::-1]
    assert await ids(shop, sort_key="certExpiredTime", sort_dir="ASC") == [
        issued_first,
        issued_last,
        paid,
    ]
    assert await ids(shop, sort_key="certExpiredTime", sort_dir="DESC") == [
        issued_last,
        issued_first,
        paid,
    ]
    assert (await ids(shop, sort_key="certStatus", sort_dir="asc"))[-1] == paid
    assert (await ids(shop, sort_key="certStatus", sort_dir="desc"))[0] == paid


async def test_the_status_filter_knows_certificates_that_have_run_out(
    shop: CertificateShop,
) -> None:
    issued, paid = await shop.issue(), await shop.buy()
    assert await ids(shop, status="ISSUED") == [issued]
    assert await ids(shop, status="PAID") == [paid]
    assert set(await ids(shop, status="ALL")) == {issued, paid}
    await shop.gateway.at("2026-03-02T12:00:00Z")
    assert await ids(shop, status="ISSUED") == []
    assert await ids(shop, status="EXPIRED") == [issued]
    assert await shop.status(issued) == "EXPIRED"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "11"},
        {"limit": "\u0661\u0660"},
        {"limit": ""},
        {"limit": "10.0"},
        {"offset": "-1"},
        {"offset": "99999999999999999999"},
        {"offset": "1e3"},
        {"sort_key": "name"},
        {"sort_key": "certStatus; DROP TABLE x"},
        {"sort_dir": "UP"},
        {"status": "paid"},
        {"status": "UNKNOWN"},
        {"page": "1"},
        [("limit", "10"), ("limit", "20")],
    ],
)
async def test_parameters_that_are_not_documented_are_400(
    shop: CertificateShop, params: Any
) -> None:
    answer = await shop.send("GET", params=params)
    assert (answer.status, answer.code) == (400, "SCM.0001")
