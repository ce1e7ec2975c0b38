INSERT INTO acme.server (id, name, path, validation, product_id, description, position) VALUES
    (md5('server DV')::uuid, 'DV', '/v2/DV', 'DV', 608, 'CaaS DV TLS Certificate', 1),
    (md5('server OV')::uuid, 'OV', '/v2/OV', 'OV', 609, 'CaaS OV TLS Certificate', 2);

-- The password of each is "filled-password".
INSERT INTO reseller.account
       (id, login, password_hash, status, currency, renewal_mode, credit_limit, tier1_id,
        allowed_networks, failed_logins, locked_until, created_at)
SELECT md5('reseller ' || login)::uuid, login,
       '$argon2id$v=19$m=8,t=1,p=1$/dnp6e1po1zJj9ZKu9b55Q$iUrSqHzpb0aatcyCe/Av5JOOIZqW/GNRbOAc6j2ZqbA',
       status, currency, renewal_mode, credit_limit, md5('reseller ' || tier1)::uuid,
       allowed_networks::cidr[], failed_logins, locked_until::timestamptz, '2025-01-02 08:00:00+00'
  FROM (VALUES
       (1, 'parent', 'active', 'USD', 'manual', 10000.00, NULL, '{}', 0, NULL),
       (2, 'filled', 'active', 'USD', 'auto', 500.00, 'parent', '{127.0.0.0/8,2001:db8::/32}', 1, NULL),
       (3, 'barred', 'suspended', 'USD', 'manual', 0.00, NULL, '{}', 5, '2026-03-01 12:15:00+00'),
       (4, 'euro', 'active', 'EUR', 'manual', 0.00, NULL, '{192.0.2.0/24}', 0, NULL))
       AS made (position, login, status, currency, renewal_mode, credit_limit, tier1,
                allowed_networks, failed_logins, locked_until)
 ORDER BY position;

INSERT INTO reseller.price (id, account_id, server_id, name_type, yearly, currency) VALUES
    (md5('price 1')::uuid, NULL, md5('server DV')::uuid, 'fqdn', 365.00, 'USD'),
    (md5('price 2')::uuid, NULL, md5('server DV')::uuid, 'wildcard', 1095.00, 'USD'),
    (md5('price 3')::uuid, NULL, md5('server OV')::uuid, 'fqdn', 730.00, 'USD'),
    (md5('price 4')::uuid, NULL, md5('server OV')::uuid, 'wildcard', 2190.00, 'USD'),
    (md5('price 5')::uuid, md5('reseller filled')::uuid, md5('server OV')::uuid, 'fqdn', 700.00, 'USD'),
    (md5('price 6')::uuid, md5('reseller euro')::uuid, md5('server DV')::uuid, 'fqdn', 350.00, 'EUR');

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, booked_at, note) VALUES
    (md5('reseller parent')::uuid, 20000.00, 0, 'deposit', '2025-01-02 09:00:00+00', 'transfer 1'),
    (md5('reseller filled')::uuid, 9000.00, 0, 'deposit', '2025-01-02 09:00:00+00', 'transfer 2'),
    (md5('reseller barred')::uuid, 50.00, 0, 'deposit', '2025-01-02 09:00:00+00', ''),
    (md5('reseller barred')::uuid, -20.00, 0, 'deposit', '2025-01-03 09:00:00+00', 'mistaken'),
    (md5('reseller euro')::uuid, 1000.00, 0, 'deposit', '2025-01-02 09:00:00+00', '');

-- Of this family no names are told in this schema. One was paid back.
INSERT INTO reseller.purchase
       (account_id, kind, cost, currency, days, purchased_at, refunded, refunded_at) VALUES
    (md5('reseller filled')::uuid, 'order_product', 149.00, 'USD', 365, '2025-06-01 10:00:00+00', 0, NULL),
    (md5('reseller filled')::uuid, 'order_product', 99.00, 'USD', 365, '2025-06-02 10:00:00+00',
     99.00, '2025-06-05 10:00:00+00'),
    (md5('reseller euro')::uuid, 'buy_certificate', 120.00, 'EUR', 365, '2025-06-03 10:00:00+00', 0, NULL);

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT payer.id, -purchase.cost, 0, 'charge', purchase.order_number, purchase.purchased_at
  FROM reseller.purchase
  JOIN reseller.account buyer ON buyer.id = purchase.account_id
  JOIN reseller.account payer ON payer.id IN (buyer.id, buyer.tier1_id)
 ORDER BY purchase.order_number, payer.login;

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT payer.id, purchase.refunded, 0, 'refund', purchase.order_number, purchase.refunded_at
  FROM reseller.purchase
  JOIN reseller.account buyer ON buyer.id = purchase.account_id
  JOIN reseller.account payer ON payer.id IN (buyer.id, buyer.tier1_id)
 WHERE purchase.refunded > 0
 ORDER BY purchase.order_number, payer.login;

INSERT INTO reseller.idempotency (account_id, key, request_hash, response, stored_at) VALUES
    (md5('reseller filled')::uuid, 'order-1', sha256('order-1'),
     'gAAAAABndIWAAAECAwQFBgcICQoLDA0OD-7Da7P2V93aFt2i3O4ZRrBZduR7TZQ74tjut7tS4aivCq_iwRCCr0Cxg_v4CvTMvBKfu7GyqXm5BbtQfKO8EE4=',
     '2026-03-01 11:00:00+00');

INSERT INTO audit.event (at, actor, action, subject, after, source)
SELECT purchased_at, 'reseller:' || account.login, 'purchase.charged', order_number::text,
       jsonb_build_object('kind', kind, 'cost', cost::text, 'currency', purchase.currency, 'days', days),
       '192.0.2.10'
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
 ORDER BY order_number;
