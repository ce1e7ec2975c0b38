"""What operators see of SSL certificate orders in the database."""

from typing import Any

from tests.support.certificate_shop import CertificateShop


async def rows(shop: CertificateShop, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await shop.gateway.pool.fetch(query)]


async def test_organizations_wait_for_a_check(shop: CertificateShop) -> None:
    assert await rows(shop, "SELECT * FROM ops.ssl_reviews") == []
    cert_id = await shop.buy(type="OV_SSL_CERT")
    organization = {"name": "Example GmbH", "country": "DE", "locality": "Berlin"}
    applied = await shop.apply(cert_id, domain_method="FILE", organization=organization)
    await shop.prove(cert_id, applied)
    await shop.until(cert_id, "CHECKING_ORG")
    [waiting] = await rows(shop, "SELECT * FROM ops.ssl_reviews")
    assert (waiting["cert_id"], waiting["reseller"]) == (cert_id, shop.login)
    assert waiting["organization"]["organization"] == "Example GmbH"
    await shop.reject_organization(cert_id, "unknown")
    assert await rows(shop, "SELECT * FROM ops.ssl_reviews") == []


async def test_unsubscriptions_with_those_to_be_decided_first(shop: CertificateShop) -> None:
    first = await shop.unsubscribe(await shop.buy())
    second = await shop.unsubscribe(await shop.buy())
    await shop.approve(first)
    seen = await rows(
        shop, "SELECT id, status, cash, refunded, decided_by FROM ops.unsubscriptions"
    )
    assert [(row["id"], row["status"]) for row in seen] == [
        (second, "waiting"),
        (first, "approved"),
    ]
    assert (seen[1]["cash"], seen[1]["refunded"], seen[1]["decided_by"]) == (
        120,
        120,
        "operator:test",
    )


async def test_orders_with_their_status_and_until_when_they_can_be_unsubscribed(
    shop: CertificateShop,
) -> None:
    cert_id = await shop.issue()
    [order] = await rows(shop, "SELECT * FROM ops.ssl_orders")
    assert (order["cert_id"], order["status"], order["cash"]) == (cert_id, "ISSUED", 120)
    assert order["refundable_until"].isoformat() == "2025-12-08T12:00:00+00:00"
    await shop.gateway.at("2026-03-02T12:00:00Z")
    [order] = await rows(shop, "SELECT * FROM ops.ssl_orders")
    assert order["status"] == "EXPIRED"


async def test_every_step_is_in_the_audit_trail(shop: CertificateShop) -> None:
    cert_id = await shop.issue()
    await shop.revoke(cert_id)
    trail = await rows(
        shop,
        f"""
        SELECT actor, action, before ->> 'status' AS before, after ->> 'status' AS after
          FROM audit.event
         WHERE subject = '{cert_id}' AND action <> 'ssl_order.name_proven'
         ORDER BY id
        """,
    )
    customer, background = "reseller:demo", "gateway:ssl-orders"
    assert [tuple(event.values()) for event in trail] == [
        (customer, "ssl_order.bought", None, None),
        (customer, "ssl_order.applied", "PAID", "CHECKING"),
        (background, "ssl_order.moved", "CHECKING", "ISSUING"),
        (background, "ssl_order.moved", "ISSUING", "ISSUED"),
        (customer, "ssl_order.revoked", "ISSUED", "REVOKING"),
        (background, "ssl_order.moved", "REVOKING", "REVOKED"),
    ]
