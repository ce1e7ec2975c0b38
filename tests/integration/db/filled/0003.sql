INSERT INTO subscription.eab_credential
       (kid, reseller_id, server_id, encrypted_mac_key, reusable, status, suspended, term_days,
        version, created_at, last_activity)
SELECT kid, md5('reseller ' || login)::uuid, md5('server ' || server)::uuid,
       'gAAAAABndIWAAAECAwQFBgcICQoLDA0ODzU5Q5nLiulg8-_7aUR1kCwJmPaWWSzaA_Q6Dc0Rikw5ZBlL0Vgh4pwkIn8SexwcTF_LFieOiXVpllMcLW_72Pm1hJKXTPoB_b-nJLVwtOuX',
       reusable, status, suspended, term_days, version, '2024-01-01 08:00:00+00',
       last_activity::timestamptz
  FROM (VALUES
       ('filledDV', 'filled', 'DV', true, 'active', false, 365, 9, '2026-02-28 08:00:00+00'),
       ('filledOV', 'filled', 'OV', true, 'active', false, 730, 3, NULL),
       ('filledGrace', 'filled', 'DV', false, 'active', false, 365, 2, '2026-02-02 10:00:00+00'),
       ('filledOver', 'filled', 'DV', true, 'active', true, 365, 2, NULL),
       ('filledGone', 'filled', 'DV', true, 'deactivated', false, 1095, 4, NULL),
       ('filledNew', 'filled', 'DV', true, 'active', false, 365, 1, NULL),
       ('filledEuro', 'euro', 'DV', true, 'active', false, 365, 2, NULL))
       AS made (kid, login, server, reusable, status, suspended, term_days, version, last_activity);

INSERT INTO subscription.subscription (id, kid, started_at, expires_at, superseded_at)
SELECT md5('subscription ' || name)::uuid, kid, started_at::timestamptz, expires_at::timestamptz,
       superseded_at::timestamptz
  FROM (VALUES
       ('former', 'filledDV', '2024-01-01 09:00+00', '2024-12-31 23:59:59+00', '2025-05-01 09:00+00'),
       ('DV', 'filledDV', '2025-05-01 09:00+00', '2026-04-30 23:59:59+00', NULL),
       ('OV', 'filledOV', '2024-09-01 09:00+00', '2026-08-31 23:59:59+00', NULL),
       ('grace', 'filledGrace', '2025-02-15 09:00+00', '2026-02-14 23:59:59+00', NULL),
       ('over', 'filledOver', '2024-10-01 09:00+00', '2025-09-30 23:59:59+00', NULL),
       ('gone', 'filledGone', '2025-07-01 09:00+00', '2026-06-30 23:59:59+00', NULL),
       ('euro', 'filledEuro', '2025-08-01 09:00+00', '2026-07-31 23:59:59+00', NULL))
       AS made (name, kid, started_at, expires_at, superseded_at);

CREATE TEMPORARY TABLE bought (
    position integer, login text, kind text, kid text, subscription text, cost numeric(12,2),
    name text, name_type text, free_because text, partner text, at timestamptz, refunded_at timestamptz,
    order_number bigint
) ON COMMIT DROP;
INSERT INTO bought VALUES
    (1, 'filled', 'add_domain', 'filledDV', 'former', 365.00, 'old.example.com', 'fqdn', NULL, NULL, '2024-01-01 09:00+00'),
    (2, 'filled', 'add_domain', 'filledDV', 'DV', 365.00, 'shop.example.com', 'fqdn', NULL, NULL, '2025-05-01 09:00+00'),
    (3, 'filled', 'add_domain', 'filledDV', 'DV', 0.00, 'www.shop.example.com', 'fqdn', 'www', 'shop.example.com', '2025-05-01 09:01+00'),
    (4, 'filled', 'add_domain', 'filledDV', 'DV', 1095.00, '*.app.example.com', 'wildcard', NULL, NULL, '2025-05-02 09:00+00'),
    (5, 'filled', 'add_domain', 'filledDV', 'DV', 0.00, 'app.example.com', 'fqdn', 'wildcard_base', '*.app.example.com', '2025-05-02 09:01+00'),
    (6, 'filled', 'add_domain', 'filledDV', 'DV', 300.00, 'back.example.com', 'fqdn', NULL, NULL, '2025-06-01 09:00+00'),
    (7, 'filled', 'add_domain', 'filledOV', 'OV', 700.00, 'ov.example.net', 'fqdn', NULL, NULL, '2024-09-01 09:00+00'),
    (8, 'filled', 'add_domain', 'filledGrace', 'grace', 365.00, 'grace.example.com', 'fqdn', NULL, NULL, '2025-02-15 09:00+00'),
    (9, 'filled', 'add_domain', 'filledOver', 'over', 365.00, 'over.example.com', 'fqdn', NULL, NULL, '2024-10-01 09:00+00'),
    (10, 'filled', 'add_domain', 'filledGone', 'gone', 365.00, 'gone.example.com', 'fqdn', NULL, NULL, '2025-07-01 09:00+00'),
    (11, 'euro', 'add_domain', 'filledEuro', 'euro', 350.00, 'shop.example.fr', 'fqdn', NULL, NULL, '2025-08-01 09:00+00'),
    (12, 'filled', 'extend_domains', 'filledOV', 'OV', 700.00, 'ov.example.net', NULL, NULL, NULL, '2025-07-20 09:00+00');

UPDATE bought SET refunded_at = '2025-06-08 09:00+00' WHERE name = 'back.example.com';
UPDATE bought
   SET order_number = nextval(pg_get_serial_sequence('reseller.purchase', 'order_number'));

INSERT INTO reseller.purchase
       (order_number, account_id, kind, cost, currency, days, purchased_at, refunded, refunded_at)
SELECT order_number, account.id, kind, cost, account.currency, 365, at,
       CASE WHEN refunded_at IS NULL THEN 0 ELSE cost END, refunded_at
  FROM bought
  JOIN reseller.account USING (login);

INSERT INTO subscription.domain
       (id, subscription_id, name, name_type, free_because, partner_id, order_number, added_at,
        added_by, removed_at)
SELECT md5('domain ' || name)::uuid, md5('subscription ' || subscription)::uuid, name, name_type,
       free_because, md5('domain ' || partner)::uuid, order_number, at, kid, refunded_at
  FROM bought
 WHERE kind = 'add_domain'
 ORDER BY position;

INSERT INTO subscription.purchase_line (order_number, domain_id, cost)
SELECT order_number, md5('domain ' || name)::uuid, cost
  FROM bought;

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT payer.id, booked.amount, 0, booked.kind, bought.order_number, booked.at
  FROM bought
  JOIN reseller.account buyer USING (login)
  JOIN reseller.account payer ON payer.id IN (buyer.id, buyer.tier1_id)
 CROSS JOIN LATERAL (VALUES ('charge', -bought.cost, bought.at),
                            ('refund', bought.cost, bought.refunded_at)) AS booked (kind, amount, at)
 WHERE booked.amount <> 0
   AND booked.at IS NOT NULL
 ORDER BY bought.position, booked.at, payer.login;
