INSERT INTO ssl.api_token (id, reseller_id, secret_hash, created_at, revoked_at) VALUES
    ('filledToken00001', md5('reseller filled')::uuid, sha256('filled-secret'), '2025-06-01 09:00+00', NULL),
    ('filledToken00002', md5('reseller filled')::uuid, sha256('other-secret'), '2025-06-01 09:00+00', '2025-07-01 09:00+00');

INSERT INTO ssl.price (id, account_id, brand, type, name_type, yearly, currency) VALUES
    (md5('ssl price 1')::uuid, NULL, 'LOCAL', 'DV_SSL_CERT', 'fqdn', 120.00, 'USD'),
    (md5('ssl price 2')::uuid, NULL, 'LOCAL', 'OV_SSL_CERT', 'wildcard', 720.00, 'USD'),
    (md5('ssl price 3')::uuid, md5('reseller filled')::uuid, 'LOCAL', 'DV_SSL_CERT', 'fqdn', 110.00, 'USD');

CREATE TEMPORARY TABLE bought (
    number integer, status text, type text, serial text, coupon numeric(12,2), at timestamptz,
    refunded_at timestamptz, order_number bigint
) ON COMMIT DROP;
INSERT INTO bought VALUES
    (1, 'PAID', 'DV_SSL_CERT', NULL, 0, '2026-02-28 09:00+00'),
    (2, 'CHECKING', 'DV_SSL_CERT', NULL, 20.00, '2026-02-27 09:00+00'),
    (3, 'CHECKING_ORG', 'OV_SSL_CERT', NULL, 0, '2026-02-27 09:00+00'),
    (4, 'ISSUING', 'DV_SSL_CERT', NULL, 0, '2026-02-27 09:00+00'),
    (5, 'ISSUED', 'DV_SSL_CERT', '0a049e8d7c6b5a4f3e2d1c0b9a8f7e6d', 0, '2025-12-01 09:00+00'),
    (6, 'SUPPLEMENTCHECKING', 'DV_SSL_CERT', '0a049e8d7c6b5a4f3e2d1c0b9a8f7e6d', 0, '2025-12-01 09:00+00'),
    (7, 'REVOKING', 'DV_SSL_CERT', '0a05d1c0b9a8f7e6d5c4b3a29180f7e6', 0, '2025-12-02 09:00+00'),
    (8, 'REVOKED', 'DV_SSL_CERT', '0a05d1c0b9a8f7e6d5c4b3a29180f7e6', 0, '2025-12-02 09:00+00'),
    (9, 'CANCELCHECKING', 'DV_SSL_CERT', NULL, 0, '2026-02-27 09:00+00'),
    (10, 'UNPASSED', 'DV_SSL_CERT', NULL, 0, '2026-01-27 09:00+00'),
    (11, 'EXPIRED', 'DV_SSL_CERT', '0a05d1c0b9a8f7e6d5c4b3a29180f7e6', 0, '2024-12-02 09:00+00'),
    (12, 'UPLOAD', 'DV_SSL_CERT', NULL, 0, '2026-01-27 09:00+00'),
    (13, 'PAID', 'DV_SSL_CERT', NULL, 20.00, '2026-01-27 09:00+00'),
    (14, 'PAID', 'DV_SSL_CERT', NULL, 0, '2026-02-28 10:00+00');
UPDATE bought SET refunded_at = '2026-01-29 09:00+00' WHERE number = 13;
UPDATE bought
   SET order_number = nextval(pg_get_serial_sequence('reseller.purchase', 'order_number'))
 WHERE status <> 'UPLOAD';

INSERT INTO reseller.purchase
       (order_number, account_id, kind, cost, currency, days, purchased_at, refunded, refunded_at)
SELECT order_number, md5('reseller filled')::uuid, 'buy_certificate', 110.00 - coupon, 'USD', 365, at,
       CASE WHEN refunded_at IS NULL THEN 0 ELSE 110.00 - coupon END, refunded_at
  FROM bought
 WHERE order_number IS NOT NULL;

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT payer.id, booked.amount, 0, booked.kind, bought.order_number, booked.at
  FROM bought
  JOIN reseller.account payer ON payer.login IN ('filled', 'parent')
 CROSS JOIN LATERAL (VALUES ('charge', coupon - 110.00, bought.at),
                            ('refund', 110.00 - coupon, bought.refunded_at)) AS booked (kind, amount, at)
 WHERE booked.at IS NOT NULL
   AND bought.order_number IS NOT NULL
 ORDER BY bought.number, booked.at, payer.login;

INSERT INTO ssl.certificate_order
       (cert_id, reseller_id, order_number, name, brand, type, names, months, paid, coupon, status,
        serial, first_issued_at, revoked_at, unsubscribed_at, created_at, updated_at, attempts,
        due_at, problem)
SELECT 'scs' || lpad(number::text, 13, '0'), md5('reseller filled')::uuid, order_number,
       'certificate ' || number, 'LOCAL', type, ARRAY['ssl' || number || '.example.com'], 12, 110.00,
       coupon, status, serial, CASE WHEN serial IS NOT NULL THEN at END,
       CASE status WHEN 'REVOKED' THEN timestamptz '2026-01-20 09:00:02+00' END, refunded_at, at, at,
       CASE status WHEN 'CHECKING' THEN 4 ELSE 0 END,
       CASE WHEN status IN ('CHECKING', 'ISSUING') THEN timestamptz '2100-01-01 00:00+00' END,
       CASE status WHEN 'CHECKING' THEN 'ssl2.example.com refused the connection.' END
  FROM bought
 ORDER BY number;

INSERT INTO ssl.coupon (code, reseller_id, amount, expires_at, created_at, used_for) VALUES
    ('filled-1', md5('reseller filled')::uuid, 20.00, '2026-12-31 00:00+00', '2026-01-01 09:00+00', 'scs0000000000002'),
    ('filled-2', md5('reseller filled')::uuid, 20.00, NULL, '2026-01-01 09:00+00', 'scs0000000000013'),
    ('filled-3', md5('reseller filled')::uuid, 30.00, NULL, '2026-01-01 09:00+00', NULL);

INSERT INTO ssl.application
       (id, cert_id, csr, key_hash, method, organization, submitted_at, reviewed_by, intent, issuer_state)
SELECT md5('application ' || number)::uuid, 'scs' || lpad(number::text, 13, '0'), '\x30',
       sha256(number::text::bytea), CASE WHEN number % 2 = 0 THEN 'http-01' ELSE 'dns-01' END,
       CASE type WHEN 'OV_SSL_CERT' THEN '{"company_name": "Acme Hosting Ltd"}'::jsonb END, at,
       CASE status WHEN 'UNPASSED' THEN 'operator:ann' END,
       CASE WHEN status IN ('ISSUING', 'ISSUED')
            THEN '{"serial": "0a049e8d7c6b5a4f3e2d1c0b9a8f7e6d", "not_before": "2025-12-01T09:00:00Z", "not_after": "2026-05-30T08:59:59Z"}'::jsonb END,
       CASE status WHEN 'ISSUING' THEN '{"url": "https://issuer.example.com/2"}'::jsonb END
  FROM bought
 WHERE number BETWEEN 2 AND 11;

UPDATE ssl.certificate_order
   SET application_id = application.id
  FROM ssl.application
 WHERE application.cert_id = certificate_order.cert_id;

INSERT INTO ssl.proof
       (application_id, position, name, method, token, proven_at, caa_checked_at, evidence, problem)
SELECT application.id, 0, placed.names[1], application.method, 'token' || placed.cert_id,
       CASE WHEN placed.status <> 'CHECKING' THEN placed.updated_at END,
       CASE WHEN placed.status <> 'CHECKING' THEN placed.updated_at END,
       CASE WHEN placed.status <> 'CHECKING' THEN '{"address": "192.0.2.80"}'::jsonb END,
       placed.problem
  FROM ssl.application
  JOIN ssl.certificate_order placed USING (cert_id);

INSERT INTO ssl.issued (serial, cert_id, application_id) VALUES
    ('0a049e8d7c6b5a4f3e2d1c0b9a8f7e6d', 'scs0000000000005', md5('application 5')::uuid),
    ('0a05d1c0b9a8f7e6d5c4b3a29180f7e6', 'scs0000000000008', md5('application 8')::uuid);

INSERT INTO ssl.unsubscription
       (cert_id, status, requested_at, acknowledged, decided_at, decided_by, reason, refunded) VALUES
    ('scs0000000000013', 'rejected', '2026-01-28 09:00+00', 'call', '2026-01-28 10:00+00', 'operator:ann', 'why?', NULL),
    ('scs0000000000013', 'approved', '2026-01-28 11:00+00', 'flag', '2026-01-29 09:00+00', 'operator:ann', NULL, 90.00),
    ('scs0000000000002', 'failed', '2026-02-27 09:30+00', 'call', '2026-02-27 10:00+00', NULL, 'it was applied for', NULL),
    ('scs0000000000014', 'waiting', '2026-02-28 11:00+00', 'call', NULL, NULL, NULL, NULL);

INSERT INTO audit.event (at, actor, action, subject, before, after, source)
SELECT created_at, 'reseller:filled', 'certificate_order.bought', cert_id, NULL::jsonb,
       jsonb_build_object('orderNumber', order_number, 'names', names, 'paid', paid::text, 'coupon', coupon::text),
       inet '192.0.2.10'
  FROM ssl.certificate_order
 WHERE order_number IS NOT NULL
 UNION ALL
SELECT updated_at, 'gateway:certificate-orders', 'certificate_order.moved', cert_id,
       '{"status": "CHECKING"}'::jsonb, jsonb_build_object('status', status), NULL
  FROM ssl.certificate_order
 WHERE status IN ('ISSUING', 'ISSUED', 'UNPASSED')
 ORDER BY 1, 4;
