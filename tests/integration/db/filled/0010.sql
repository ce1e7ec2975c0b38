INSERT INTO product.price (id, account_id, product, days, amount, currency) VALUES
    (md5('licence price 1')::uuid, NULL, 1060, 365, 149.00, 'USD'),
    (md5('licence price 2')::uuid, NULL, 1060, 30, 14.90, 'USD'),
    (md5('licence price 3')::uuid, NULL, 1082, 0, 199.00, 'USD'),
    (md5('licence price 4')::uuid, md5('reseller filled')::uuid, 1060, 365, 140.00, 'USD');

INSERT INTO product.inactive_partner (account_id, since) VALUES
    (md5('reseller euro')::uuid, '2025-09-01 09:00:00+00');

INSERT INTO product.licence
       (id, reseller_id, domain_name, product, days, email, auto_renew, organization, status,
        period_started_at, expires_at, ended_at, refund_reason, created_at)
SELECT md5('licence ' || name)::uuid, md5('reseller filled')::uuid, name || '.example.com', product,
       days, 'owner@example.com', auto_renew, organization::jsonb, status, started_at::timestamptz,
       started_at::timestamptz + nullif(days, 0) * interval '24 hours', ended_at::timestamptz,
       refund_reason, created_at::timestamptz
  FROM (VALUES
       ('scanned', 1061, 365, true, '{"name": "Acme Hosting Ltd"}', 'active', '2025-12-01 09:00+00', NULL, NULL, '2024-12-01 09:00+00'),
       ('once', 1082, 0, false, '{}', 'active', '2025-12-02 09:00+00', NULL, NULL, '2025-12-02 09:00+00'),
       ('month', 1060, 30, false, '{}', 'expired', '2025-12-03 09:00+00', '2026-01-02 09:00+00', NULL, '2025-12-03 09:00+00'),
       ('cancelled', 1060, 365, false, '{}', 'cancelled', '2025-12-04 09:00+00', '2025-12-20 09:00+00', NULL, '2025-12-04 09:00+00'),
       ('refunded', 1060, 365, false, '{}', 'refunded', '2025-12-05 09:00+00', '2025-12-06 09:00+00', 3, '2025-12-05 09:00+00'))
       AS made (name, product, days, auto_renew, organization, status, started_at, ended_at,
                refund_reason, created_at);

INSERT INTO product.add_on (id, licence_id, product, expires_at, ended_at) VALUES
    (md5('add-on 1')::uuid, md5('licence scanned')::uuid, 1069, '2026-12-01 09:00+00', NULL),
    (md5('add-on 2')::uuid, md5('licence scanned')::uuid, 1070, '2026-12-01 09:00+00', '2026-01-01 09:00+00');

CREATE TEMPORARY TABLE bought (
    position integer, licence text, product integer, kind text, cost numeric(12,2), at timestamptz,
    refunded_at timestamptz, order_number bigint
) ON COMMIT DROP;
INSERT INTO bought VALUES
    (1, 'scanned', 1060, 'order', 140.00, '2024-12-01 09:00+00'),
    (2, 'scanned', 1060, 'renewal', 140.00, '2025-11-20 09:00+00'),
    (3, 'scanned', 1061, 'upgrade', 100.00, '2025-12-01 09:00+00'),
    (4, 'scanned', 1069, 'add_on', 35.00, '2025-12-01 09:05+00'),
    (5, 'once', 1082, 'order', 199.00, '2025-12-02 09:00+00'),
    (6, 'month', 1060, 'order', 14.90, '2025-12-03 09:00+00'),
    (7, 'cancelled', 1060, 'order', 140.00, '2025-12-04 09:00+00'),
    (8, 'refunded', 1060, 'order', 140.00, '2025-12-05 09:00+00');
UPDATE bought SET refunded_at = '2025-12-06 09:00+00' WHERE licence = 'refunded';
UPDATE bought
   SET order_number = nextval(pg_get_serial_sequence('reseller.purchase', 'order_number'));

INSERT INTO reseller.purchase
       (order_number, account_id, kind, cost, currency, days, purchased_at, refunded, refunded_at)
SELECT order_number, md5('reseller filled')::uuid, 'order_product', cost, 'USD', 365, at,
       CASE WHEN refunded_at IS NULL THEN 0 ELSE cost END, refunded_at
  FROM bought;

INSERT INTO product.order_line (order_number, product, licence_id, kind, cost)
SELECT order_number, product, md5('licence ' || licence)::uuid, kind, cost
  FROM bought;

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT payer.id, booked.amount, 0, booked.kind, bought.order_number, booked.at
  FROM bought
  JOIN reseller.account payer ON payer.login IN ('filled', 'parent')
 CROSS JOIN LATERAL (VALUES ('charge', -bought.cost, bought.at),
                            ('refund', bought.cost, bought.refunded_at)) AS booked (kind, amount, at)
 WHERE booked.at IS NOT NULL
 ORDER BY bought.position, booked.at, payer.login;
